//! `connections/*.toml`: one connected system each.

use std::{collections::BTreeMap, ops::Range};

use luotsi_consent::Recipient;
use luotsi_model::{Kind, OrganisationId, SystemId};
use toml::Spanned;

use super::{
    findings::{Findings, Names, Place, Word},
    frame::Frame,
    packs::Packs,
    sources::Sources,
    table::Table,
    words::{ADAPTER, is_name},
};
use crate::Connection;

mod delivery;
mod intake;
mod tokens;

const FOLDER: &str = "connections";
const SUFFIX: &str = ".toml";

/// A connection with the places that later findings point at.
pub(crate) struct Drafted {
    pub(crate) connection: Connection,
    /// Where each kind's mapping is named in `[delivery]`, and in `[read]`.
    pub(crate) delivery_at: BTreeMap<Kind, Range<usize>>,
    pub(crate) read_at: BTreeMap<Kind, Range<usize>>,
    /// Where the parts of `[intake]` stand.
    pub(crate) intake_at: intake::Places,
}

/// A part of a connection in which something is wrong, here or in a mapping that it names.
struct Unsound;

/// Every connection: its name, and the rest of it when nothing is wrong with it.
pub(crate) type Connections = BTreeMap<SystemId, Option<Drafted>>;

/// What connections may name.
pub(crate) struct Known<'a> {
    pub(crate) adapters: &'a [&'a str],
    pub(crate) frame: &'a Frame,
    pub(crate) packs: &'a Packs,
}

/// Reads every file of the folder.
pub(crate) fn read(
    sources: &mut Sources<'_>,
    known: &Known<'_>,
    findings: &Findings,
) -> Connections {
    let names = sources.list(FOLDER, findings).into_iter();
    let stems: Vec<_> =
        names.filter_map(|name| name.strip_suffix(SUFFIX).map(str::to_owned)).collect();
    let mut connections = Connections::new();
    for stem in stems {
        let file = format!("{FOLDER}/{stem}{SUFFIX}");
        let errors = findings.errors();
        let drafted = connection(&stem, &file, sources, known, findings);
        let is_sound = findings.errors() == errors;
        connections.insert(SystemId::new(&stem), drafted.filter(|_| is_sound));
    }
    connections
}

fn connection(
    stem: &str,
    file: &str,
    sources: &mut Sources<'_>,
    known: &Known<'_>,
    findings: &Findings,
) -> Option<Drafted> {
    let place = Place { file, findings };
    check_stem(stem, place);
    let text = sources.text(file, findings)?;
    declared(stem, Table::document(place, &text)?, known)
}

fn declared(stem: &str, mut table: Table<'_>, known: &Known<'_>) -> Option<Drafted> {
    let place = table.place;
    let adapters = known.adapters.iter().map(|adapter| (*adapter).to_owned());
    let adapters = Names::new(&ADAPTER, adapters, true);
    let adapter = table.need_word("adapter").filter(|word| adapters.has(word, place));
    let recipient = recipient(stem, table.need_word("organisation"), known.frame, place);
    let intake = table.table("intake").map(|table| intake::read(table, known.packs));
    let delivery = table.table("delivery").map(|table| delivery::read(table, known.packs));
    let has_token = matches!(&intake, Some(Ok((intake, _))) if !intake.token_sha256.is_empty());
    let is_unsound = matches!(&intake, Some(Err(_)));
    let read = table.table("read").inspect(|read| check_reader(read, has_token || is_unsound));
    let read = read.map(|table| delivery::reads(table, known));
    let settings = table.raw("settings").unwrap_or(Spanned::new(0..0, toml::Table::new()));
    table.finish();
    let recipient = recipient?;
    let (intake, intake_at) = intake.transpose().ok()?.unzip();
    let (delivery, delivery_at) = delivery.transpose().ok()?.unzip();
    let (read, read_at) = read.transpose().ok()?.unzip();
    let connection = Connection {
        system: recipient.system.clone(),
        adapter: adapter?.into_inner(),
        organisation: recipient.organisation.clone(),
        recipient,
        intake,
        delivery,
        read,
        settings_span: settings.span(),
        settings: settings.into_inner(),
        file: place.file.to_owned(),
    };
    Some(Drafted {
        connection,
        delivery_at: delivery_at.unwrap_or_default(),
        read_at: read_at.unwrap_or_default(),
        intake_at: intake_at.unwrap_or_default(),
    })
}

fn check_reader(read: &Table<'_>, has_token: bool) {
    if !has_token {
        let why = "a reader proves who it is by a token of its [intake]";
        read.place.error(
            "LU226",
            read.span.clone(),
            "[read] without an [intake] that has a token",
            why,
            "add [intake] with token_sha256",
        );
    }
}

fn check_stem(stem: &str, place: Place<'_>) {
    if !is_name(stem) {
        let what = format!("the file's name `{stem}` is not of the form of a system's name");
        let why = "the file names the system, and names stand in URLs, metrics and the log";
        let mend = "rename the file: small letters a to z, digits and `-`, beginning with a letter";
        place.error("LU206", 0..0, what, why, mend);
    }
    if stem == SystemId::HUB {
        let what = format!("no system may be called `{stem}`");
        let why = "it is the name of the hub itself, by which its own messages are told apart";
        place.error("LU207", 0..0, what, why, "rename the file");
    }
}

/// Who the system is to the gate.
fn recipient(
    stem: &str,
    organisation: Option<Word>,
    frame: &Frame,
    place: Place<'_>,
) -> Option<Recipient> {
    let organisation = organisation?;
    if !frame.organisation_names.has(&organisation, place) {
        return None;
    }
    let organisation = OrganisationId::new(organisation.get_ref());
    // Known by name and yet not there: its own declaration has errors, found in its place.
    let declared = frame.organisations.get(&organisation)?;
    Some(Recipient {
        system: SystemId::new(stem),
        controller: declared.controller.clone(),
        sort: declared.sort,
        sector: declared.sector,
        organisation,
    })
}
