//! The document: AsyncAPI 3.0, with the AMQP bindings 0.3.0. The application is the hub, so it *sends*
//! what it delivers and *receives* what comes in.

use std::sync::Arc;

use luotsi_mapping::Mapping;
use luotsi_port::{Channels, Consume, Header, Publish};
use luotsi_region::{Connection, Region};
use serde_json::{Map, Value, json};

const BINDINGS: &str = "0.3.0";

/// The parts, by name.
#[derive(Default)]
struct Parts {
    servers: Map<String, Value>,
    channels: Map<String, Value>,
    operations: Map<String, Value>,
}

/// One message of a channel: its name, its kind, its media type and the mapping that knows its form.
struct Message<'r> {
    name: String,
    kind: &'r str,
    media_type: &'r str,
    mapping: &'r str,
}

/// A mapping by its pack and name: `serena/referral`.
fn named<'r>(region: &'r Region, mapping: &Arc<Mapping>) -> &'r str {
    let found = region.mappings.iter().find(|(_, known)| Arc::ptr_eq(known, mapping));
    found.map_or("", |(name, _)| name)
}

pub(super) fn of(region: &Region, on_bus: &[(&Connection, Channels)]) -> Value {
    let mut parts = Parts::default();
    for (connection, channels) in on_bus {
        let server = parts.server(channels);
        if let Some(publish) = &channels.publish {
            parts.publishes(region, connection, &server, publish);
        }
        if let Some(consume) = &channels.consume {
            parts.consumes(region, connection, &server, consume);
        }
    }
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:luotsi:hub",
        "info": {
            "title": format!("{}: the hub on the bus", region.name),
            "version": region.generation.to_string(),
            "description": "What the hub publishes and consumes. Routing keys, queue names and headers \
                            hold nothing of anyone; bodies hold what the region's policy permits at \
                            the moment of each send.",
        },
        "defaultContentType": "application/json",
        "servers": parts.servers,
        "channels": parts.channels,
        "operations": parts.operations,
        "components": { "securitySchemes": { "login": { "type": "userPassword" } } },
    })
}

impl Parts {
    /// The server of a connection; one for all that go to the same virtual host.
    fn server(&mut self, channels: &Channels) -> String {
        let server = json!({
            "host": channels.host,
            "pathname": format!("/{}", channels.vhost.trim_start_matches('/')),
            "protocol": if channels.is_secure { "amqps" } else { "amqp" },
            "protocolVersion": "0-9-1",
            "security": [{ "$ref": "#/components/securitySchemes/login" }],
        });
        let known = self.servers.iter().find(|(_, known)| **known == server);
        if let Some((name, _)) = known {
            return name.clone();
        }
        let name = format!("bus-{}", self.servers.len() + 1);
        self.servers.insert(name.clone(), server);
        name
    }

    fn publishes(
        &mut self,
        region: &Region,
        connection: &Connection,
        server: &str,
        publish: &Publish,
    ) {
        let kinds = connection.delivery.iter().flat_map(|delivery| &delivery.by_kind);
        let messages: Vec<_> = kinds
            .map(|(kind, mapping)| Message {
                name: kind.to_string(),
                kind: kind.as_str(),
                media_type: mapping.format().media_type(),
                mapping: named(region, mapping),
            })
            .collect();
        let exchange = match publish.exchange.as_str() {
            "" => json!({ "name": "", "type": "default" }),
            name => json!({ "name": name }),
        };
        let name = format!("to-{}", connection.system);
        let channel = json!({
            "address": publish.routing_key,
            "description": format!("What {} gets.", connection.system),
            "servers": [{ "$ref": format!("#/servers/{server}") }],
            "messages": listed(&messages, &publish.headers, &["id", "source", "specversion", "type"]),
            "bindings": { "amqp": {
                "is": "routingKey", "exchange": exchange, "bindingVersion": BINDINGS,
            } },
        });
        let bindings = json!({ "amqp": {
            "deliveryMode": 2, "mandatory": true, "bindingVersion": BINDINGS,
        } });
        self.add(name, channel, "send", &messages, &bindings);
    }

    fn consumes(
        &mut self,
        region: &Region,
        connection: &Connection,
        server: &str,
        consume: &Consume,
    ) {
        let mappings = connection.intake.iter().flat_map(|intake| &intake.mappings);
        let messages: Vec<_> = mappings
            .map(|mapping| Message {
                name: named(region, mapping).replace('/', "_"),
                kind: mapping.schema().kind.as_str(),
                media_type: mapping.format().media_type(),
                mapping: named(region, mapping),
            })
            .collect();
        let bound = consume.bindings.iter().map(|(exchange, key)| format!(" {exchange} by {key};"));
        let name = format!("from-{}", connection.system);
        let channel = json!({
            "address": consume.queue,
            "description": format!(
                "What {} sends.{} What the hub refuses goes to the exchange {}.",
                connection.system,
                match consume.bindings.is_empty() {
                    true => String::new(),
                    false => format!(" The queue is bound to{}", bound.collect::<String>()),
                },
                consume.dead_letter_exchange,
            ),
            "servers": [{ "$ref": format!("#/servers/{server}") }],
            "messages": listed(&messages, &consume.headers, &[]),
            "bindings": { "amqp": {
                "is": "queue",
                "queue": { "name": consume.queue },
                "bindingVersion": BINDINGS,
            } },
        });
        let bindings = json!({ "amqp": { "ack": true, "bindingVersion": BINDINGS } });
        self.add(name, channel, "receive", &messages, &bindings);
    }

    fn add(
        &mut self,
        name: String,
        channel: Value,
        action: &str,
        messages: &[Message<'_>],
        bindings: &Value,
    ) {
        let own = |message: &Message<'_>| json!({ "$ref": format!("#/channels/{name}/messages/{}", message.name) });
        let operation = json!({
            "action": action,
            "channel": { "$ref": format!("#/channels/{name}") },
            "messages": messages.iter().map(own).collect::<Vec<_>>(),
            "bindings": bindings,
        });
        self.operations.insert(format!("{action}-{name}"), operation);
        self.channels.insert(name, channel);
    }
}

/// The messages of a channel. `needed` are the headers that are always there, without their prefix.
fn listed(messages: &[Message<'_>], headers: &[Header], needed: &[&str]) -> Value {
    let needed: Vec<_> = headers
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.split(':').next_back().is_some_and(|name| needed.contains(&name)))
        .collect();
    let properties: Map<_, _> = headers
        .iter()
        .map(|(name, what)| (name.clone(), json!({ "type": "string", "description": what })))
        .collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !needed.is_empty() {
        schema["required"] = json!(needed);
    }
    let message = |message: &Message<'_>| {
        let described = json!({
            "name": message.kind,
            "title": format!("A {} by the mapping {}", message.kind, message.mapping),
            "contentType": message.media_type,
            "headers": schema,
        });
        (message.name.clone(), described)
    };
    messages.iter().map(message).collect::<Map<_, _>>().into()
}
