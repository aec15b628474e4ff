//! The durable truth: messages, outbox, directives, plan, disclosure log. All SQL lives here.
