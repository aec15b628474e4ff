//! `[intake]`: what comes in from a system.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use luotsi_mapping::{Columns, Csv, Encoding, Format, Mapping};
use luotsi_model::{Kind, hetu::Strictness};
use toml::Spanned;

use super::{
    super::{
        findings::{Place, Word, choose},
        packs::Packs,
        table::Table,
        words::{DIRECTIVE, FORMAT, HETU, UNMAPPED},
    },
    Unsound, tokens,
};
use crate::{Intake, Unmapped};

/// How a CSV file is laid out is its mapping's to say; without a mapping nobody asks.
const CSV: Csv = Csv { delimiter: ';', columns: Columns::Named, encoding: Encoding::Utf8 };
const FORMATS: [(&str, Format); 5] = [
    ("xml", Format::Xml),
    ("json", Format::Json),
    ("csv", Format::Csv(CSV)),
    ("hl7v2", Format::Hl7),
    ("xlsx", Format::Xlsx(Columns::Named)),
];
const TREATMENTS: [(&str, Unmapped); 3] =
    [("refuse", Unmapped::Refuse), ("report", Unmapped::Report), ("park", Unmapped::Park)];
const STRICTNESSES: [(&str, Strictness); 2] =
    [("strict", Strictness::Strict), ("lenient", Strictness::Lenient)];
const BYTES_DEFAULT: u64 = 1 << 20;
const BYTES_MAX: u64 = 64 << 20;

/// A mapping, and where it is named.
type Named = (Arc<Mapping>, Range<usize>);

/// Where the parts of an intake stand.
#[derive(Default)]
pub(crate) struct Places {
    /// Each token's hash.
    pub(crate) tokens: Vec<Range<usize>>,
    /// The last mapping named for each kind that comes in.
    pub(crate) kinds: BTreeMap<Kind, Range<usize>>,
}

/// The intake, and its places.
pub(super) fn read(mut table: Table<'_>, packs: &Packs) -> Result<(Intake, Places), Unsound> {
    let place = table.place;
    // Who comes by another way than the hub's listener needs none; the adapter knows.
    let tokens = tokens::read(&table.words("token_sha256"), place);
    let (token_sha256, tokens_at) = tokens.into_iter().unzip();
    let format = table.need_word("format").and_then(|word| choose(&FORMAT, &word, FORMATS, place));
    let consents = table.flag("consents").is_some_and(|flag| records_consents(&flag, packs, place));
    // A system may record consents and send nothing else.
    let names = if consents { table.words("mappings") } else { table.need_words("mappings") };
    let mappings = mappings(&names, format, packs, place);
    let treatment = table.word("unmapped");
    let unmapped = treatment.and_then(|word| choose(&UNMAPPED, &word, TREATMENTS, place));
    let hetu = table.word("hetu").and_then(|word| choose(&HETU, &word, STRICTNESSES, place));
    let bytes_max = table.number("bytes_max", 1..=BYTES_MAX, BYTES_DEFAULT);
    table.finish();
    let mappings = mappings?;
    // The mapping knows the layout too.
    let format = mappings.first().map(|(mapping, _)| mapping.format()).or(format);
    let kinds = mappings.iter().map(|(mapping, at)| (mapping.schema().kind.clone(), at.clone()));
    let places = Places { tokens: tokens_at, kinds: kinds.collect() };
    let intake = Intake {
        token_sha256,
        format: format.ok_or(Unsound)?,
        mappings: mappings.into_iter().map(|(mapping, _)| mapping).collect(),
        unmapped: unmapped.unwrap_or_default(),
        hetu: hetu.unwrap_or_default(),
        bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
        consents,
    };
    Ok((intake, places))
}

/// Whether it does; then the region must have the record kind to keep them as.
fn records_consents(flag: &Spanned<bool>, packs: &Packs, place: Place<'_>) -> bool {
    let kind = Word::new(flag.span(), DIRECTIVE.to_owned());
    *flag.get_ref() && packs.kind_names.has(&kind, place)
}

/// The mappings, each with the place it is named at.
fn mappings(
    names: &[Word],
    format: Option<Format>,
    packs: &Packs,
    place: Place<'_>,
) -> Result<Vec<Named>, Unsound> {
    // All of them first, so that every unknown name is found.
    let found = names.iter().map(|name| Some((packs.mapping(name, place)?, name.span())));
    let found: Vec<_> = found.collect();
    let found: Vec<_> = found.into_iter().collect::<Option<_>>().ok_or(Unsound)?;
    // One reading serves them all.
    let first = found.first().map(|(mapping, _)| mapping.format());
    let format = format.zip(first).map(|(named, first)| match named.name() == first.name() {
        true => first,
        false => named,
    });
    found.iter().for_each(|(mapping, span)| check(mapping, span.clone(), format, place));
    Ok(found)
}

fn check(mapping: &Mapping, span: Range<usize>, format: Option<Format>, place: Place<'_>) {
    if !mapping.reads() {
        let why = "its file says one_way = \"out\": it only writes";
        let mend = "name a mapping that reads, or let this one run both ways";
        place.error("LU222", span.clone(), "this mapping cannot read", why, mend);
    }
    if format.is_some_and(|format| format != mapping.format()) {
        let why = "an intake parses every document in its one format, CSV in one layout";
        let mend = "name a mapping of that format, or change `format`";
        place.error("LU225", span, "this mapping is of another format", why, mend);
    }
}
