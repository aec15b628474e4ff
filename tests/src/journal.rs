//! The hub's journal file, read (and sometimes sabotaged) from beside it.

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use serde_json::Value;

/// States of a delivery that are ends.
pub const ENDS: [i64; 3] = [DELIVERED, REFUSED, DEAD];
/// The recipient has it.
pub const DELIVERED: i64 = 10;
/// The gate said no.
pub const REFUSED: i64 = 11;
/// A person must look.
pub const DEAD: i64 = 12;

/// The journal.
pub struct Journal(Connection);

/// A row of `delivery`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its place in the order of acceptance.
    pub seq: i64,
    /// Its id, as recipients see it.
    pub id: String,
    /// Its message's id.
    pub message: String,
    /// Whereto.
    pub destination: String,
    /// The client's reference.
    pub subject: Option<String>,
    /// Where it stands.
    pub state: i64,
    /// Attempts made.
    pub attempts: i64,
    /// Where the recipient stands with it.
    pub task: String,
    /// Why it ended or failed.
    pub cause: Option<String>,
}

impl Journal {
    /// Opens the file of a hub that may be running.
    ///
    /// # Panics
    /// When there is none.
    pub fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("a journal");
        connection.busy_timeout(Duration::from_secs(10)).expect("a timeout");
        Self(connection)
    }

    /// How many rows a table has; a condition may stand behind it.
    ///
    /// # Panics
    /// When there is no such table.
    pub fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        self.0.query_row(&sql, [], |row| row.get(0)).expect("a table of the journal")
    }

    /// The texts of a column.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn texts(&self, table: &str, column: &str) -> Vec<String> {
        let select = self.0.prepare(&format!("select {column} from {table}"));
        let mut select = select.expect("a column of the journal");
        let rows = select.query_map([], |row| row.get(0));
        rows.and_then(Iterator::collect).expect("texts")
    }

    /// Changes the journal behind the hub's back.
    ///
    /// # Panics
    /// When the SQL does not run.
    pub fn sabotage(&self, sql: &str) {
        self.0.execute_batch(sql).expect("SQL that runs");
    }

    /// Every delivery, in order.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let sql = "select d.seq, lower(hex(d.id)), lower(hex(m.id)), d.destination, d.subject,
                          d.state, d.attempts, d.task, d.cause
                   from delivery d join message m on m.seq = d.message order by d.seq";
        let mut select = self.0.prepare(sql).expect("the journal's schema");
        let rows = select.query_map([], |row| {
            Ok(Delivery {
                seq: row.get(0)?,
                id: hyphened(&row.get::<_, String>(1)?),
                message: hyphened(&row.get::<_, String>(2)?),
                destination: row.get(3)?,
                subject: row.get(4)?,
                state: row.get(5)?,
                attempts: row.get(6)?,
                task: row.get(7)?,
                cause: row.get(8)?,
            })
        });
        rows.and_then(Iterator::collect).expect("readable deliveries")
    }

    /// Every entry of the disclosure log, in order.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn entries(&self) -> Vec<Value> {
        let mut select =
            self.0.prepare("select entry from disclosure order by seq").expect("the log");
        let rows = select.query_map([], |row| row.get::<_, String>(0)).expect("the log");
        rows.map(|row| serde_json::from_str(&row.expect("a row")).expect("JSON")).collect()
    }

    /// Everything that matters of its content, to see whether something changed.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn content(&self) -> String {
        let plans: Vec<(String, i64)> = self
            .0
            .prepare("select client, version from plan order by client")
            .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .expect("plans");
        format!(
            "{:?}\n{:?}\n{} messages, {} directives, {plans:?}",
            self.deliveries(),
            self.entries(),
            self.count("message"),
            self.count("directive"),
        )
    }
}

/// A UUID from its hexadecimal digits.
pub fn hyphened(hex: &str) -> String {
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The time of an entry, in µs since 1970.
///
/// # Panics
/// When it has none.
pub fn at(entry: &Value) -> i64 {
    let text = entry["at"].as_str().expect("an entry has a time");
    text.parse::<jiff::Timestamp>().expect("RFC 3339").as_microsecond()
}
