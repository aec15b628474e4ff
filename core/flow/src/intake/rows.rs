//! Tables of several rows: each row is a message of its own, and all of them are taken in, or none.
//! Half a file that was taken in would be told apart from the other half by nobody.

use std::time::Instant;

use luotsi_journal::command::{Accept, AcceptAll, Accepted, AllRejected, Digests};
use luotsi_mapping::{Document, Fault};
use luotsi_region::{Connection, Intake, Region};

use super::{
    Incoming, Receipt, Refused,
    commit::{Pending, receipt},
    decode, digests, door, read,
    route::Way,
    sha256,
};
use crate::{Flow, metrics::Stage};

/// Rows of one file. They are one transaction of the journal, for which every other sender waits.
const ROWS_MAX: usize = 1_000;
/// Faults that are told of one file; beyond, each bad row is told by its first.
const FAULTS_MAX: usize = 1_000;

/// What a sender gets for a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It held one record.
    One(Receipt),
    /// It is a table of several rows, in their order.
    Rows(Vec<RowReceipt>),
}

/// One row that is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowReceipt {
    /// The line where the row begins, from 1; a workbook's row.
    pub row: usize,
    /// What its sender gets for it.
    pub receipt: Receipt,
}

/// A row that can be committed.
struct Ready {
    row: usize,
    command: Accept,
    pending: Pending,
    unmapped: usize,
}

impl Taken {
    fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Rows(rows) => rows.len(),
        }
    }
}

impl Flow {
    /// Takes a document in, or all the rows of a table. When this returns, every message of it is
    /// durable. A table of several rows that comes without a key is known by its bytes.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of it was kept, of no row.
    pub async fn accept_all(&self, incoming: Incoming<'_>) -> Result<Taken, Refused> {
        self.enter(incoming, self.try_accept_all(incoming), Taken::count).await
    }

    async fn try_accept_all(&self, incoming: Incoming<'_>) -> Result<Taken, Refused> {
        let _turn = self.intake_turns.acquire().await.ok();
        let _pass = self.pass().await;
        let region = self.region();
        let (connection, intake) = door(&region, incoming.system)?;
        let started = Instant::now();
        let mut rows = read(intake, incoming.body)?.records();
        if rows.len() > 1 {
            let taken = self.take_rows(&region, connection, intake, &rows, &incoming).await?;
            self.metrics.took(Stage::Accept, started.elapsed());
            return Ok(Taken::Rows(taken));
        }
        let one = rows.pop().ok_or_else(|| Refused::unreadable(Fault::no_record()))?;
        let taken = self.take_one(&region, connection, intake, &one, &incoming, started);
        taken.await.map(Taken::One)
    }

    async fn take_rows(
        &self,
        region: &Region,
        connection: &Connection,
        intake: &Intake,
        rows: &[Document<'_>],
        incoming: &Incoming<'_>,
    ) -> Result<Vec<RowReceipt>, Refused> {
        if let Some(beyond) = rows.get(ROWS_MAX) {
            return Err(Refused::unreadable(too_many(beyond.line())));
        }
        let (mut ready, mut bad) = (Vec::with_capacity(rows.len()), Vec::new());
        for document in rows {
            match self.make_ready(region, connection, intake, document, incoming).await {
                Ok(row) => ready.push(row),
                // Not the row's fault, and not to be told of each.
                Err(refused @ (Refused::Journal(_) | Refused::Broker(_))) => return Err(refused),
                Err(refused) => bad.push((document.line(), refused)),
            }
        }
        if !bad.is_empty() {
            return Err(refused(bad, rows.len()));
        }
        self.commit_rows(region, ready, known_by(incoming)).await
    }

    async fn make_ready(
        &self,
        region: &Region,
        connection: &Connection,
        intake: &Intake,
        document: &Document<'_>,
        incoming: &Incoming<'_>,
    ) -> Result<Ready, Refused> {
        let started = Instant::now();
        let (mapping, decoded) = decode(intake, document)?;
        self.metrics.took(Stage::Map, started.elapsed());
        let unmapped = self.account_for(mapping, &decoded);
        let prepared = self.prepare(region, connection, mapping, decoded, incoming).await?;
        let (command, pending) = self.direct(region, prepared, Way::Routes).await?;
        Ok(Ready { row: document.line(), command, pending, unmapped })
    }

    async fn commit_rows(
        &self,
        region: &Region,
        ready: Vec<Ready>,
        idempotency: Digests,
    ) -> Result<Vec<RowReceipt>, Refused> {
        let (mut messages, mut rest, mut pending) = (Vec::new(), Vec::new(), Vec::new());
        for Ready { row, command, pending: told, unmapped } in ready {
            messages.push(command);
            rest.push((row, told.directs, unmapped));
            pending.push(told);
        }
        let telling = self.telling(region);
        let tell = move |reply: &Result<Vec<Accepted>, _>| {
            let accepted = reply.iter().flatten();
            pending.into_iter().zip(accepted).for_each(|(told, by)| telling.tell(told, by));
        };
        let written = self.journal.write_then(AcceptAll { messages, idempotency }, tell).await?;
        let accepted = written.map_err(|rejected| match rejected {
            AllRejected::KeyReused => Refused::KeyReused,
            AllRejected::Messages(why) => {
                let row = |(at, why): (usize, _)| Some((rest.get(at)?.0, Refused::from(why)));
                refused(why.into_iter().filter_map(row).collect(), rest.len())
            }
        })?;
        let receipts =
            rest.into_iter().zip(&accepted).map(|((row, directs, unmapped), accepted)| {
                let receipt = receipt(accepted, directs);
                RowReceipt { row, receipt: Receipt { unmapped, ..receipt } }
            });
        Ok(receipts.collect())
    }
}

/// Its key and bytes. What has no key is known by its bytes: whoever exports a list posts it again
/// when in doubt, and each row would be a second message. No key begins as that digest is made.
fn known_by(incoming: &Incoming<'_>) -> Digests {
    incoming.idempotency_key.map_or_else(
        || {
            let body = sha256(incoming.body);
            Digests { key: sha256(&[b"\n", &body[..]].concat()), body }
        },
        |key| digests(key, incoming.body),
    )
}

/// All bad rows at once, each fault with its row.
fn refused(bad: Vec<(usize, Refused)>, of: usize) -> Refused {
    let count = bad.len();
    // Without its header row a file has no row that any mapping knows, and that is one mistake.
    if let (true, Some((_, first))) = (count == of, bad.first())
        && bad
            .iter()
            .all(|(_, why)| matches!(why.faults(), [one] if one.code == "unknown-document"))
    {
        return first.clone();
    }
    let told: Vec<Vec<Fault>> = bad.into_iter().map(|(row, why)| faults(row, &why)).collect();
    let all = told.iter().map(Vec::len).sum::<usize>();
    let each_max = if all > FAULTS_MAX { 1 } else { usize::MAX };
    let faults = told.into_iter().flat_map(|row| row.into_iter().take(each_max)).collect();
    Refused::Rows { count, of, faults }
}

fn faults(row: usize, why: &Refused) -> Vec<Fault> {
    let placed = |fault: &Fault| match fault.line {
        0 => Fault { line: row, column: 1, ..fault.clone() },
        _ => fault.clone(),
    };
    match why.faults() {
        [] => vec![Fault {
            code: why.code(),
            at: String::new(),
            field: None,
            line: row,
            column: 1,
            why: why.to_string(),
        }],
        faults => faults.iter().map(placed).collect(),
    }
}

fn too_many(line: usize) -> Fault {
    let why = format!("a file holds up to {ROWS_MAX} rows: send it in parts");
    Fault { code: "too-large", at: String::new(), field: None, line, column: 1, why }
}
