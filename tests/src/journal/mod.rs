//! The hub's journal, read (and sometimes sabotaged) from beside it: its file, or its database on a
//! server.

mod server;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, types::ValueRef};
use serde_json::Value;

use server::Server;

/// States of a delivery that are ends.
pub const ENDS: [i64; 3] = [DELIVERED, REFUSED, DEAD];
/// The recipient has it.
pub const DELIVERED: i64 = 10;
/// The gate said no.
pub const REFUSED: i64 = 11;
/// A person must look.
pub const DEAD: i64 = 12;

/// Where a journal is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In a file.
    File(PathBuf),
    /// On a server, by its URL.
    Server(String),
}

/// The journal.
pub struct Journal(Source);

enum Source {
    File(Connection),
    Server(Server),
}

/// One row of an answer, each column as a text.
type Row = Vec<Option<String>>;

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
        Self(Source::File(connection))
    }

    /// Opens the journal of hubs that may be running.
    ///
    /// # Panics
    /// When there is none.
    pub fn at(place: &Place) -> Self {
        match place {
            Place::File(path) => Self::open(path),
            Place::Server(url) => Self(Source::Server(Server::new(url))),
        }
    }

    fn rows(&self, sql: &str) -> Vec<Row> {
        match &self.0 {
            Source::File(connection) => of_file(connection, sql).expect("the journal's schema"),
            Source::Server(server) => server.rows(sql),
        }
    }

    /// A column's bytes as hexadecimal digits, in the engine's words.
    pub fn hex(&self, column: &str) -> String {
        match &self.0 {
            Source::File(_) => format!("lower(hex({column}))"),
            Source::Server(_) => format!("encode({column}, 'hex')"),
        }
    }

    /// How many rows a table has; a condition may stand behind it.
    ///
    /// # Panics
    /// When there is no such table.
    pub fn count(&self, table: &str) -> i64 {
        number(&self.rows(&format!("select count(*) from {table}"))[0][0])
    }

    /// The texts of a column.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn texts(&self, table: &str, column: &str) -> Vec<String> {
        let rows = self.rows(&format!("select {column} from {table}"));
        rows.into_iter().map(|mut row| row.swap_remove(0).expect("texts")).collect()
    }

    /// Changes the journal behind the hub's back.
    ///
    /// # Panics
    /// When the SQL does not run.
    pub fn sabotage(&self, sql: &str) {
        match &self.0 {
            Source::File(connection) => connection.execute_batch(sql).expect("SQL that runs"),
            Source::Server(server) => drop(server.rows(sql)),
        }
    }

    /// Every delivery, in order.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let (id, message) = (self.hex("d.id"), self.hex("m.id"));
        let sql = format!(
            "select d.seq, {id}, {message}, d.destination, d.subject, d.state, d.attempts, d.task,
                    d.cause
             from delivery d join message m on m.seq = d.message order by d.seq"
        );
        let delivery = |row: Row| {
            let text = |at: usize| row[at].clone().expect("a text");
            Delivery {
                seq: number(&row[0]),
                id: hyphened(&text(1)),
                message: hyphened(&text(2)),
                destination: text(3),
                subject: row[4].clone(),
                state: number(&row[5]),
                attempts: number(&row[6]),
                task: text(7),
                cause: row[8].clone(),
            }
        };
        self.rows(&sql).into_iter().map(delivery).collect()
    }

    /// Every entry of the disclosure log, in order.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn entries(&self) -> Vec<Value> {
        let rows = self.rows("select entry from disclosure order by seq");
        let entry = |row: Row| row[0].as_deref().and_then(|text| serde_json::from_str(text).ok());
        rows.into_iter().map(|row| entry(row).expect("JSON")).collect()
    }

    /// Everything that matters of its content, to see whether something changed.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn content(&self) -> String {
        format!(
            "{:?}\n{:?}\n{} messages, {} directives, {:?}",
            self.deliveries(),
            self.entries(),
            self.count("message"),
            self.count("directive"),
            self.rows("select client, version from plan order by client"),
        )
    }
}

fn of_file(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Row>> {
    let mut select = connection.prepare(sql)?;
    let columns = select.column_count();
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    };
    let rows = select
        .query_map([], |row| (0..columns).map(|column| row.get_ref(column).map(text)).collect());
    rows?.collect()
}

fn number(column: &Option<String>) -> i64 {
    column.as_deref().and_then(|text| text.parse().ok()).expect("a number")
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
