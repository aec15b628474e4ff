//! The envelope of a message: the names of the CloudEvents AMQP binding, and nothing of anyone.

use std::collections::BTreeMap;

use bytes::Bytes;
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, FieldTable, ShortString},
};
use luotsi_port::{Arrived, Header, Outgoing};

/// Both are the binding's; the second is for those whose library allows no colon.
const PREFIXES: [&str; 2] = ["cloudEvents:", "cloudEvents_"];
/// Who the events are from, whichever hub sends them.
const SOURCE: &str = "urn:luotsi:hub";
/// `delivery-mode` of what survives the broker's restart.
const PERSISTENT: u8 = 2;

/// The attributes that the hub writes, with what stands in each.
const WRITTEN: [(&str, &str); 6] = [
    ("specversion", "the version of CloudEvents: 1.0"),
    ("id", "the delivery: the same over every attempt, to drop repeats by"),
    ("source", "the hub: urn:luotsi:hub"),
    ("type", "luotsi. and the record kind"),
    ("datacontenttype", "the media type of the body"),
    ("traceparent", "the W3C trace context"),
];
/// Those that it reads.
const KNOWN: [(&str, &str); 4] = [
    ("id", "the same over every attempt; needed where there is no message_id"),
    ("source", "with the id it says which event it is"),
    ("datacontenttype", "the media type of the body, where there is no content_type"),
    ("traceparent", "the W3C trace context"),
];

/// The headers of each message that the hub publishes.
pub(crate) fn written() -> Vec<Header> {
    WRITTEN.map(|(name, what)| (format!("{}{name}", PREFIXES[0]), what)).into()
}

/// The headers that it reads of each message that it consumes.
pub(crate) fn known() -> Vec<Header> {
    KNOWN.map(|(name, what)| (format!("{}{name}", PREFIXES[0]), what)).into()
}

/// The properties of a message that carries `parcel`.
pub(crate) fn of(parcel: &Outgoing) -> BasicProperties {
    let value = |name| match name {
        "specversion" => "1.0".to_owned(),
        "id" => parcel.delivery.to_string(),
        "source" => SOURCE.to_owned(),
        "type" => format!("luotsi.{}", parcel.kind),
        "datacontenttype" => parcel.content_type.to_owned(),
        _ => parcel.traceparent.clone(),
    };
    let named = WRITTEN.iter().map(|(name, _)| {
        let header = ShortString::from(format!("{}{name}", PREFIXES[0]));
        (header, AMQPValue::LongString(value(name).into()))
    });
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type(parcel.content_type.into())
        .with_message_id(parcel.delivery.to_string().into())
        // The moment of this attempt.
        .with_timestamp(u64::try_from(parcel.at.as_second()).unwrap_or_default())
        .with_headers(FieldTable::from(named.collect::<BTreeMap<_, _>>()))
}

/// A document that came, with what its envelope says; `None` when it has no id, by which a repeat
/// could be told.
pub(crate) fn read(delivery: &mut Delivery) -> Option<Arrived> {
    let properties = &delivery.properties;
    let attribute = |name: &str| cloud_event(properties.headers().as_ref()?, name);
    let own = properties.message_id().as_ref().map(|id| id.as_str().to_owned());
    // An event's id is unique within its source only.
    let event = attribute("id").map(|id| match attribute("source") {
        Some(source) => format!("{source} {id}"),
        None => id,
    });
    let key = event.or(own).filter(|key| !key.trim().is_empty())?;
    let content_type = properties.content_type().as_ref().map(|text| text.as_str().to_owned());
    let content_type = content_type.or_else(|| attribute("datacontenttype"));
    let traceparent = attribute("traceparent");
    Some(Arrived {
        body: Bytes::from(std::mem::take(&mut delivery.data)),
        content_type,
        key,
        traceparent,
    })
}

fn cloud_event(headers: &FieldTable, name: &str) -> Option<String> {
    let found =
        PREFIXES.iter().find_map(|prefix| headers.inner().get(format!("{prefix}{name}").as_str()));
    match found? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}
