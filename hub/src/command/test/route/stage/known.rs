//! Ids by name.

use std::collections::BTreeMap;

use luotsi_flow::inspect::Journey;

/// Ids that the hub has made so far. No two runs make the same, so in what is wanted they stand by
/// name, and an answer names by name what it answers.
#[derive(Default)]
pub(super) struct Known {
    /// The deliveries to each system, in order.
    deliveries: BTreeMap<String, Vec<String>>,
    messages: Vec<String>,
}

impl Known {
    pub(super) fn learn(&mut self, journey: &Journey) {
        self.messages.push(journey.envelope.id.to_string());
        for delivery in &journey.deliveries {
            let all = self.deliveries.entry(delivery.destination.clone()).or_default();
            all.push(delivery.delivery.clone());
        }
    }

    /// Each delivery's name and id: the last to Malli ry is
    /// `$delivery:malli-ry`, an earlier one, `$delivery:malli-ry:1`, the first.
    fn deliveries(&self) -> impl Iterator<Item = (String, &String)> {
        self.deliveries.iter().flat_map(|(system, all)| {
            let name = move |at: usize| match at + 1 == all.len() {
                true => format!("$delivery:{system}"),
                false => format!("$delivery:{system}:{}", at + 1),
            };
            all.iter().enumerate().map(move |(at, id)| (name(at), id))
        })
    }

    /// A document to post, with ids in the place of names.
    pub(super) fn filled(&self, document: &[u8]) -> Vec<u8> {
        // What is no text is posted as it is: the hub is to refuse it.
        let Ok(text) = std::str::from_utf8(document) else { return document.to_owned() };
        // A longer name first: another may begin with a shorter one.
        let mut named: Vec<_> = self.deliveries().collect();
        named.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let filled = |text: String, (name, id): &(String, &String)| text.replace(name, id);
        named.iter().fold(text.to_owned(), filled).into_bytes()
    }

    /// A document with ids by name: `own`, and those of the messages and deliveries so far. The last
    /// message is `$message`; an earlier one, `$message:1`, is the first that was given.
    pub(super) fn named(&self, document: &[u8], own: &[(&str, &str)]) -> Vec<u8> {
        let text = String::from_utf8_lossy(document).into_owned();
        let text = own.iter().fold(text, |text, (id, name)| text.replace(id, name));
        let text = self.deliveries().fold(text, |text, (name, id)| text.replace(id, &name));
        let last = self.messages.len().saturating_sub(1);
        let name = |at| if at == last { "$message".into() } else { format!("$message:{}", at + 1) };
        let all = self.messages.iter().enumerate();
        all.fold(text, |text, (at, id)| text.replace(id, &name(at))).into_bytes()
    }
}
