//! What is sealed is what the hub meant to log, whatever the database makes of it.

use luotsi_journal::{
    Connection, Error, Journal, Phase, State, migrate,
    verify::{Against, Verified, Wrong, verify},
};

use crate::{
    Place,
    postgres::Own,
    sqlite::File,
    world::{EINO, accept, advance, conclude, delivery, delivery_id, message, send},
};

async fn deliver(journal: &Journal, n: u8) {
    accept(journal, message(n, EINO, &["plan"])).await;
    send(journal, delivery_id(n, 0), i64::from(n)).await;
    conclude(journal, delivery_id(n, 0), State::Delivered, i64::from(n)).await;
}

fn told(found: &Verified) -> Vec<(u64, Wrong)> {
    found.findings.iter().map(|finding| (finding.seq, finding.what.clone())).collect()
}

#[tokio::test]
async fn an_entry_that_a_file_changes_on_the_way_is_found() {
    let place = File::make();
    let journal = place.open();
    deliver(&journal, 1).await;
    let beside = rusqlite::Connection::open(place.path()).unwrap();
    let change = "create trigger change after insert on disclosure when new.seq = 3 begin
                    update disclosure set entry = replace(entry, 'care', 'cure') where seq = 3; end";
    beside.execute_batch(change).unwrap();
    deliver(&journal, 2).await;
    let found = verify(&place.path(), &Against::default()).unwrap();
    assert_eq!(told(&found), [(3, Wrong::Changed)]);
}

#[tokio::test]
async fn an_entry_that_a_server_changes_or_leaves_out_is_found() {
    let Some(place) = Own::new() else { return };
    migrate(&place.database).unwrap();
    let journal = place.open();
    deliver(&journal, 1).await;
    let owner = Connection::open(&place.database).unwrap();
    let trigger = |does: &str| {
        owner
            .batch(&format!(
                "create or replace function does() returns trigger language plpgsql as
                     $$begin {does}; end$$;
                 create or replace trigger does before insert on disclosure
                     for each row when (new.seq = 3) execute function does()"
            ))
            .unwrap();
    };
    trigger("return null");
    accept(&journal, message(2, EINO, &["plan"])).await;
    let ready = delivery(&journal, delivery_id(2, 0));
    let intent = advance(&ready, State::Sending, Phase::Intent, 2);
    let left_out = journal.write(intent).await;
    assert!(matches!(left_out, Err(Error::Storage(_))), "{left_out:?}");
    trigger("new.entry := replace(new.entry, 'care', 'cure'); return new");
    send(&journal, delivery_id(2, 0), 2).await;
    let found = verify(&place.database, &Against::default()).unwrap();
    assert_eq!(told(&found), [(3, Wrong::Changed)]);
}
