//! The shared plan.

use std::sync::Arc;

use luotsi_journal::{
    command::{MergePlan, PutPlan, Stale},
    read,
};
use luotsi_model::{
    Category, ClientRef, Field, FieldId, Kind, Record, Schema, Type, record, schema::Title,
};
use uuid::Uuid;

use crate::{
    Place,
    world::{AINO, EINO, at},
};

fn schema() -> Schema {
    let mut schema = Schema::new(Kind::new("plan"));
    let mut add = |path: &str, holds, key, group: Option<FieldId>| {
        schema.add(Field {
            path: path.into(),
            holds,
            category: Category::Plan,
            required: false,
            key,
            group,
            codes: None,
            fhir: None,
            title: Title::default(),
        })
    };
    add("status", Type::Text, false, None);
    let goals = add("goals[]", Type::Group, false, None);
    add("goals[].id", Type::Text, true, Some(goals));
    add("goals[].text", Type::Text, false, Some(goals));
    schema
}

fn stored(text: &str) -> Record {
    record::read(text.as_bytes(), &schema()).expect("fits the schema")
}

fn merge(client: &str, second: i64, part: &str) -> MergePlan {
    MergePlan {
        client: ClientRef::new(client),
        schema: Arc::new(schema()),
        part: stored(part).values,
        id: Uuid::from_u128(second as u128),
        at: at(second),
    }
}

const WALK: &str = r#"{"goals[]":[{"goals[].id":"1","goals[].text":"walk"}]}"#;
const SING: &str = r#"{"status":"x","goals[]":[{"goals[].id":"2","goals[].text":"sing"}]}"#;
const RUN: &str = r#"{"goals[]":[{"goals[].id":"1","goals[].text":"run"}]}"#;

pub(crate) async fn merging_twice_changes_nothing(place: &impl Place) {
    let journal = place.open();
    for (second, part, version) in
        [(1, WALK, 1), (2, WALK, 1), (3, SING, 2), (4, SING, 2), (5, RUN, 3), (6, SING, 3)]
    {
        let written = journal.write(merge(AINO, second, part)).await.unwrap();
        assert_eq!((written.id, written.version), (Uuid::from_u128(1), version), "at {second}");
    }
    drop(journal);
    let journal = place.open();
    let plan = journal.read_now(|c| read::plan_of(c, &ClientRef::new(AINO))).unwrap().unwrap();
    assert_eq!((plan.version, plan.updated), (3, at(5)));
    let whole = r#"{"status":"x","goals[]":[{"goals[].id":"1","goals[].text":"run"},
                    {"goals[].id":"2","goals[].text":"sing"}]}"#;
    assert_eq!(record::read(plan.record.bytes().unwrap(), &schema()), Ok(stored(whole)));
    assert_eq!(journal.read_now(|c| read::plan_of(c, &ClientRef::new(EINO))), Ok(None));
    assert_eq!(journal.read_now(|c| read::plan_by_id(c, plan.id)), Ok(Some(plan)));
}

pub(crate) async fn a_plan_is_replaced_only_at_its_version(place: &impl Place) {
    let journal = place.open();
    let put = |replaces| PutPlan {
        client: ClientRef::new(AINO),
        record: record::write(&stored(RUN), &schema()),
        replaces,
        id: Uuid::from_u128(9),
        at: at(9),
    };
    assert_eq!(journal.write(put(1)).await, Ok(Err(Stale { version: 0 })), "there is none");
    let merged = journal.write(merge(AINO, 1, WALK)).await.unwrap();
    for replaces in [0, 2] {
        assert_eq!(journal.write(put(replaces)).await, Ok(Err(Stale { version: 1 })));
    }
    let written = journal.write(put(1)).await.unwrap().expect("at its version");
    assert_eq!((written.id, written.version), (merged.id, 2));
    let writers = [put(2), put(2), put(2)].map(|put| journal.write(put));
    let answers = futures::future::join_all(writers).await;
    let won = answers.iter().filter(|answer| matches!(answer, Ok(Ok(_)))).count();
    assert_eq!(won, 1, "of writers at the same version one wins: {answers:?}");
}
