//! When the hub's own ground gives way: the journal's disk, or an adapter that panics.

use jiff::SignedDuration;
use luotsi_journal::{Error, Session, State, command::Command};

use crate::{
    far::Answer,
    laws,
    papers::{home_care, peer_support},
    place,
    world::World,
};

/// Makes the database fail as a broken disk would, for the entries of one phase.
struct Break(&'static str);

/// Takes it back.
struct Mend;

impl Command for Break {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        if place::is_on_server() {
            return connection.batch(&format!(
                "create function broken() returns trigger language plpgsql as $$ begin
                   if new.entry like '%\"phase\":\"{}\"%' then raise exception 'broken'; end if;
                   return new; end $$;
                 create trigger broken before insert on disclosure
                 for each row execute function broken()",
                self.0
            ));
        }
        connection.batch(&format!(
            "create temp trigger broken before insert on main.disclosure
             when new.entry like '%\"phase\":\"{}\"%' begin select raise(abort, 'broken'); end",
            self.0
        ))
    }
}

impl Command for Mend {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        connection.batch(if place::is_on_server() {
            "drop trigger broken on disclosure; drop function broken()"
        } else {
            "drop trigger temp.broken"
        })
    }
}

#[test]
fn without_a_durable_intent_nothing_leaves() {
    let world = World::new(1);
    let hub = world.start();
    hub.write(Break("intent"));
    let sent = hub.post(&home_care("L-1", 1)).unwrap();
    (0..20).for_each(|_| {
        world.clock.pass(SignedDuration::from_secs(1));
        hub.settle();
    });
    assert_eq!(world.far("home-care").calls().len(), 0);
    assert_eq!(hub.delivery(&sent, "home-care").state, State::Ready);
    hub.write(Mend);
    hub.pass_until("it to arrive", |pending| pending.is_empty());
    laws::check(&world, &hub, &[sent]);
}

#[test]
fn an_outcome_is_recorded_as_soon_as_it_can_be() {
    let world = World::new(2);
    let hub = world.start();
    hub.write(Break("outcome"));
    let sent: Vec<_> =
        (0..3).map(|n| hub.post(&home_care(&format!("L-{n}"), 1)).unwrap()).collect();
    hub.wait_until("the first to be taken", || {
        world.far("home-care").calls().iter().any(|call| call.taken)
    });
    (0..20).for_each(|_| {
        world.clock.pass(SignedDuration::from_secs(1));
        hub.settle();
    });
    assert_eq!(hub.delivery(&sent[0], "home-care").state, State::Sending);
    assert_eq!(world.far("home-care").calls().len(), 1, "its followers wait");
    hub.write(Mend);
    hub.pass_until("the rest to arrive", |pending| pending.is_empty());
    assert_eq!(world.far("home-care").calls().len(), 3, "each was sent once");
    laws::check(&world, &hub, &sent);
}

#[test]
fn an_adapter_that_panics_costs_one_delivery() {
    let world = World::new(3);
    world.far("home-care").script({
        let mut calls = 0;
        move |_| {
            calls += 1;
            if calls == 1 { Answer::Panic } else { Answer::Take }
        }
    });
    let hub = world.start();
    let sent: Vec<_> =
        (0..3).map(|n| hub.post(&home_care(&format!("L-{n}"), 1)).unwrap()).collect();
    hub.wait_until("all to end", || hub.pending().is_empty());
    let ends: Vec<_> = sent.iter().map(|r| hub.delivery(r, "home-care").state).collect();
    assert_eq!(ends, [State::Dead, State::Delivered, State::Delivered]);
    laws::check(&world, &hub, &sent);
}

#[test]
fn what_was_under_way_at_a_crash_is_sent_again_first() {
    let world = World::new(4);
    world.far("home-care").script(|_| Answer::Hang);
    let hub = world.start();
    let sent: Vec<_> =
        (0..3).map(|n| hub.post(&peer_support(&format!("L-{n}"), 1)).unwrap()).collect();
    hub.wait_until("the first to be under way", || world.far("home-care").calls().len() == 1);
    hub.crash();
    world.far("home-care").script(|_| Answer::Take);
    let hub = world.start();
    hub.wait_for_state(&sent[2], "home-care", State::Delivered);
    let calls: Vec<_> = world.far("home-care").calls().iter().map(|call| call.message).collect();
    let ids: Vec<_> = sent.iter().map(|receipt| receipt.message).collect();
    assert_eq!(calls, [&ids[..1], &ids[..]].concat(), "the same id again, then the others");
    laws::check(&world, &hub, &sent);
}
