//! Ids by name.

use std::collections::BTreeMap;

use luotsi_flow::inspect::Journey;

/// Ids that the hub has made so far. No two runs make the same, so in what is wanted they stand by
/// name, and an answer names by name what it answers.
#[derive(Default)]
pub(super) struct Known {
    /// The last delivery to each system.
    deliveries: BTreeMap<String, String>,
    messages: Vec<String>,
}

impl Known {
    pub(super) fn learn(&mut self, journey: &Journey) {
        self.messages.push(journey.envelope.id.to_string());
        for delivery in &journey.deliveries {
            self.deliveries.insert(delivery.destination.clone(), delivery.delivery.clone());
        }
    }

    /// A document to post, `$delivery:malli-ry` being the last delivery to Malli ry.
    pub(super) fn filled(&self, document: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(document).into_owned();
        let named = self.deliveries.iter().rev();
        let text =
            named.fold(text, |text, (system, id)| text.replace(&format!("$delivery:{system}"), id));
        // What is no text is posted as it is: the hub is to refuse it.
        if std::str::from_utf8(document).is_ok() { text.into_bytes() } else { document.to_owned() }
    }

    /// A document with ids by name: `own`, and those of the messages and deliveries so far. The last
    /// message is `$message`; an earlier one, `$message:1`, is the first that was given.
    pub(super) fn named(&self, document: &[u8], own: &[(&str, &str)]) -> Vec<u8> {
        let text = String::from_utf8_lossy(document).into_owned();
        let text = own.iter().fold(text, |text, (id, name)| text.replace(id, name));
        let deliveries = self.deliveries.iter();
        let text = deliveries
            .fold(text, |text, (system, id)| text.replace(id, &format!("$delivery:{system}")));
        let last = self.messages.len().saturating_sub(1);
        let name = |at| if at == last { "$message".into() } else { format!("$message:{}", at + 1) };
        let all = self.messages.iter().enumerate();
        all.fold(text, |text, (at, id)| text.replace(id, &name(at))).into_bytes()
    }
}
