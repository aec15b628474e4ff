//! The bus in process.

use luotsi_bus::{Bus, Consumer, Received, Wake};
use luotsi_model::SystemId;

use crate::{Ear, Told, Transport};

pub(crate) struct InProcess {
    bus: Bus<i64>,
}

pub(crate) struct Queue {
    consumer: Consumer<i64>,
    /// Dispatchers begin by looking, so the bus need not tell them to.
    begins: bool,
}

impl Transport for InProcess {
    type Ear = Queue;

    async fn new(lanes: &[&str]) -> Option<Self> {
        let (bus, _) = Bus::new(lanes.iter().map(SystemId::new));
        Some(Self { bus })
    }

    async fn tell(&self, lane: &str, places: &[i64]) {
        for place in places {
            self.bus.publish(&SystemId::new(lane), Wake::Fresh(*place));
        }
    }

    async fn hear(&self, lane: &str) -> Queue {
        Queue { consumer: self.bus.add(SystemId::new(lane)), begins: true }
    }

    async fn end(self) {}
}

impl Ear for Queue {
    async fn next(&mut self) -> Told {
        if std::mem::take(&mut self.begins) {
            return Told::Look;
        }
        match self.consumer.receive().await {
            Received::Wake(Wake::Fresh(place)) => Told::Places(vec![place]),
            Received::Wake(other) => panic!("nobody sent {other:?}"),
            Received::Dropped => Told::Look,
            Received::Closed => Told::Over,
        }
    }
}
