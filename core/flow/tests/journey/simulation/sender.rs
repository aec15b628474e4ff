//! The senders: each client's papers, one after the other, each posted until it is answered.

use std::panic::resume_unwind;

use futures::FutureExt;
use luotsi_flow::{Incoming, Receipt, Refused};
use luotsi_model::{ClientRef, Hetu, hetu::Strictness};
use tokio::task::JoinHandle;

use super::node::Node;
use crate::{
    dice::Dice,
    papers::{consent, hetu, home_care, peer_support, prohibition, withdrawal},
    world::{World, incoming},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    AskHomeCare,
    AskPeerSupport,
    Consent,
    Prohibit,
    Withdraw,
}

fn deed(dice: &mut Dice) -> Option<Deed> {
    Some(match dice.in_range(0..12) {
        0..2 => Deed::AskHomeCare,
        2..6 => Deed::AskPeerSupport,
        6 | 7 => Deed::Consent,
        8 | 9 => Deed::Withdraw,
        10 if dice.is_one_in(8) => Deed::Prohibit,
        _ => return None,
    })
}

type Answer = Result<Receipt, Refused>;

/// A paper that has not been answered yet.
struct Open {
    deed: Deed,
    id: String,
    posted: Option<JoinHandle<Answer>>,
}

/// Whoever writes about one client.
pub(super) struct Sender {
    client: u32,
    open: Option<Open>,
}

impl Sender {
    pub(super) const fn of(client: u32) -> Self {
        Self { client, open: None }
    }

    /// Whether everything that it has written is acknowledged, or refused for good.
    pub(super) const fn is_done(&self) -> bool {
        self.open.is_none()
    }

    /// Writes something new, if it has its answers and feels like it.
    pub(super) fn write(&mut self, dice: &mut Dice) {
        let Some(deed) = self.open.is_none().then(|| deed(dice)).flatten() else { return };
        self.open = Some(Open { deed, id: format!("N-{}", dice.next()), posted: None });
    }

    /// Posts what is not posted.
    pub(super) fn post(&mut self, world: &World, node: &Node) {
        let Some(open) = self.open.as_mut().filter(|open| open.posted.is_none()) else { return };
        let (client, deed, given) = (self.client, open.deed, format!("S-{}", self.client));
        let paper = match deed {
            Deed::AskHomeCare => home_care(&open.id, client),
            Deed::AskPeerSupport => peer_support(&open.id, client),
            Deed::Consent => consent(&given, client),
            Deed::Prohibit => prohibition(&open.id, client),
            Deed::Withdraw => withdrawal(&open.id, client, &given),
        };
        let (malli_ry, reference) = (world.far("malli-ry").clone(), reference(node, client));
        if deed == Deed::Consent {
            malli_ry.close(&reference, None);
        }
        let (flow, key) = (node.flow.clone(), open.id.clone());
        open.posted = Some(node.spawn(async move {
            let incoming = Incoming { idempotency_key: Some(&key), ..incoming(&paper) };
            let answer = flow.accept(incoming).await;
            if let (Deed::Withdraw, Ok(receipt)) = (deed, &answer) {
                malli_ry.close(&reference, receipt.in_flight);
            }
            answer
        }));
    }

    /// Takes the answer, if there is one: a receipt, once.
    pub(super) fn hear(&mut self) -> Option<Receipt> {
        let open = self.open.as_mut()?;
        let answer = open.posted.take_if(|posted| posted.is_finished())?;
        match answer.now_or_never().expect("it is finished") {
            Ok(Ok(receipt)) => {
                self.open = None;
                Some(receipt)
            }
            Ok(Err(Refused::UnknownDirective)) => {
                self.open = None;
                None
            }
            // It asks again, under the same key.
            Ok(Err(Refused::Journal(_) | Refused::Broker(_))) => None,
            Err(gone) if gone.is_cancelled() => None,
            Ok(Err(refused)) => panic!("{refused}"),
            Err(defect) => resume_unwind(defect.into_panic()),
        }
    }

    /// Does not wait for the answer any longer, and will ask again.
    pub(super) fn hang_up(&mut self) {
        if let Some(posted) = self.open.as_mut().and_then(|open| open.posted.take()) {
            posted.abort();
        }
    }
}

fn reference(node: &Node, client: u32) -> ClientRef {
    node.flow.clients().reference(&Hetu::parse(&hetu(client), Strictness::Strict).unwrap())
}
