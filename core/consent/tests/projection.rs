//! What a permit lets out of a record: permitted fields only, and no trace of the others.

use jiff::Timestamp;
use luotsi_consent::{
    Attested, Basis, Directives, Permit, Permitted, Policy, Recipient, Request, Rule, Sort, permit,
};
use luotsi_model::{
    Categories, Category, Field, FieldId, Kind, Record, Schema, Type, Value, Values, schema::Title,
};
use proptest::{array::uniform4, collection::vec, option, prelude::*};

/// Each field's category; the group is the last, its members are these four once more.
const ABOUT: [Category; 4] =
    [Category::Identity, Category::Need, Category::Health, Category::FreeText];

const GROUP: FieldId = FieldId(4);

fn schema(kind: &str) -> Schema {
    let mut schema = Schema::new(Kind::new(kind));
    let mut add = |path: String, holds, category, group| {
        schema.add(Field {
            path,
            holds,
            category,
            required: false,
            group,
            key: false,
            codes: None,
            fhir: None,
            title: Title::default(),
        })
    };
    for category in ABOUT {
        add(category.to_string(), Type::Text, category, None);
    }
    // A group's own category is never asked, so it is one that no case permits.
    let group = add("rows[]".into(), Type::Group, Category::Plan, None);
    for category in ABOUT {
        add(format!("rows[].{category}"), Type::Text, category, Some(group));
    }
    schema
}

/// A permit for just these categories; of none there is none.
fn permit_for(categories: Categories) -> Option<Permit> {
    let county = "county".into();
    let recipient = Recipient {
        system: "parish".into(),
        organisation: "parish".into(),
        controller: "parish".into(),
        sort: Sort::ThirdSector,
        sector: None,
    };
    let rule = Rule {
        name: "advice".into(),
        basis: Basis::NoSubject,
        sorts: vec![Sort::ThirdSector],
        systems: vec![],
        purposes: vec![],
        kinds: vec![],
        categories,
        over_prohibition: false,
        protected_address: false,
        reasons: vec![],
    };
    let request = Request {
        subject: None,
        controller: &county,
        source: None,
        recipient: &recipient,
        purpose: &"care".into(),
        kind: &"contact".into(),
        service: None,
        attested: Attested::default(),
        now: Timestamp::UNIX_EPOCH,
    };
    permit(&request, Some(&Directives::default()), &Policy { rules: vec![rule] }).ok()
}

/// The texts of four fields, where present.
type Row = [Option<u8>; 4];

fn texts(row: Row, from: u16) -> Values {
    let mut values = Values::default();
    for (at, text) in (from..).zip(row) {
        if let Some(text) = text {
            values.set(FieldId(at), Value::Text(format!("text {text}").into()));
        }
    }
    values
}

fn record(kind: &str, row: Row, rows: &[Row]) -> Record {
    let mut values = texts(row, 0);
    if !rows.is_empty() {
        values.set(GROUP, Value::Group(rows.iter().map(|row| texts(*row, 5)).collect()));
    }
    Record { kind: Kind::new(kind), values }
}

/// `row` where permitted, `other` where forbidden.
fn mixed(row: Row, other: Row, permitted: Categories) -> Row {
    std::array::from_fn(|at| if permitted.contains(ABOUT[at]) { row[at] } else { other[at] })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    vec(uniform4(option::of(any::<u8>())), 0..4)
}

fn some_categories() -> impl Strategy<Value = Categories> {
    proptest::sample::subsequence(ABOUT.to_vec(), 1..=4).prop_map(Categories::from_iter)
}

fn projected(permitted: Categories, record: &Record) -> (Permitted<Values>, Vec<FieldId>) {
    permit_for(permitted).expect("categories are permitted").project(record, &schema("contact"))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn only_permitted_fields_go_and_the_rest_is_named(
        permitted in some_categories(), row in uniform4(option::of(any::<u8>())), rows in rows(),
    ) {
        let record = record("contact", row, &rows);
        let (content, withheld) = projected(permitted, &record);
        let schema = schema("contact");
        let may = |field: &FieldId| permitted.contains(schema.field(*field).category);
        let (wanted, left): (Vec<_>, Vec<_>) = record.values.present().into_iter().partition(may);
        prop_assert_eq!(content.content().present(), wanted);
        prop_assert_eq!(withheld, left);
        for (at, about) in ABOUT.into_iter().enumerate().filter(|(_, c)| permitted.contains(*c)) {
            let field = FieldId(u16::try_from(at).unwrap());
            prop_assert_eq!(content.content().get(field), record.values.get(field), "{}", about);
        }
    }

    /// Non-interference: what is forbidden, be it there, other or more, cannot be told from
    /// what goes.
    #[test]
    fn what_is_forbidden_leaves_no_trace(
        permitted in some_categories(),
        row in uniform4(option::of(any::<u8>())),
        rows in rows(),
        other in uniform4(option::of(any::<u8>())),
        others in rows(),
        more in any::<proptest::sample::Index>(),
    ) {
        let absent = [None; 4];
        let theirs = |at: usize| others.get(at).copied().unwrap_or(absent);
        let mut changed: Vec<Row> =
            rows.iter().enumerate().map(|(at, row)| mixed(*row, theirs(at), permitted)).collect();
        // Whole rows of nothing but what is forbidden.
        for row in &others {
            changed.insert(more.index(changed.len() + 1), mixed(absent, *row, permitted));
        }
        let (one, _) = projected(permitted, &record("contact", row, &rows));
        let altered = record("contact", mixed(row, other, permitted), &changed);
        let (two, _) = projected(permitted, &altered);
        prop_assert_eq!(one.content(), two.content());
    }
}

#[test]
fn a_permit_for_one_kind_lets_nothing_of_another_through() {
    let all: Categories = ABOUT.into_iter().collect();
    for (record_kind, schema_kind) in [("plan", "plan"), ("plan", "contact"), ("contact", "plan")] {
        let record = record(record_kind, [Some(1); 4], &[[Some(2); 4]]);
        let permit = permit_for(all).expect("categories are permitted");
        let (content, withheld) = permit.project(&record, &schema(schema_kind));
        assert!(content.content().is_empty(), "a {record_kind} read as a {schema_kind}");
        assert_eq!(withheld, record.values.present());
    }
}

#[test]
fn nothing_is_permitted_of_no_category() {
    assert!(permit_for(Categories::NONE).is_none());
}

#[test]
fn content_is_not_shown_by_debug() {
    let (content, _) =
        projected(Categories::ALL, &record("contact", [Some(7); 4], &[[Some(7); 4]]));
    assert!(!content.content().is_empty());
    assert!(!format!("{content:?}").contains("text 7"));
}
