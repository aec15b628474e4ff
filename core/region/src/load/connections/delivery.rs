//! `[delivery]` and `[read]`: what goes out to a system.

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use luotsi_mapping::Mapping;
use luotsi_model::{Kind, Purpose};

use super::{
    super::{
        findings::{Place, Word},
        packs::Packs,
        table::Table,
        words::DIRECTIVE,
    },
    Known, Unsound,
};
use crate::{Delivery, Read, Retry};

const DAY_MS: u64 = 24 * 3600 * 1000;
const YEAR_HOURS: u64 = 366 * 24;

type Places = BTreeMap<Kind, Range<usize>>;
type ByKind = (BTreeMap<Kind, Arc<Mapping>>, Places);

/// The delivery, and where each kind's mapping is named.
pub(super) fn read(mut table: Table<'_>, packs: &Packs) -> Result<(Delivery, Places), Unsound> {
    let place = table.place;
    let mappings = by_kind(&table.need_words("mappings"), packs, place);
    let concurrency = table.number("concurrency_max", 1..=1024, 32);
    let timeout_ms = table.number("timeout_ms", 1..=600_000, 10_000);
    let retry = table.table("retry").map(retry).unwrap_or_default();
    table.finish();
    let (by_kind, at) = mappings?;
    let delivery = Delivery {
        by_kind,
        concurrency_max: usize::try_from(concurrency).unwrap_or(usize::MAX),
        timeout: Duration::from_millis(timeout_ms),
        retry,
    };
    Ok((delivery, at))
}

fn retry(mut table: Table<'_>) -> Retry {
    let default = Retry::default();
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let first_ms = table.number("first_ms", 1..=DAY_MS, ms(default.first));
    let factor = table.decimal("factor", 1.0..=100.0, default.factor);
    let each_max_ms = table.number("each_max_ms", 1..=DAY_MS, ms(default.each_max));
    let hours = default.total_max.as_secs() / 3600;
    let total_max_hours = table.number("total_max_hours", 1..=YEAR_HOURS, hours);
    if each_max_ms < first_ms {
        let what = "`each_max_ms` is less than `first_ms`";
        let why = "no wait is longer than `each_max_ms`, so the first could not be that long";
        table.place.error(
            "LU204",
            table.span.clone(),
            what,
            why,
            "raise the one or lower the other",
        );
    }
    table.finish();
    Retry {
        first: Duration::from_millis(first_ms),
        factor,
        each_max: Duration::from_millis(each_max_ms),
        total_max: Duration::from_secs(total_max_hours * 3600),
    }
}

/// The read, and where each kind's mapping is named.
pub(super) fn reads(mut table: Table<'_>, known: &Known<'_>) -> Result<(Read, Places), Unsound> {
    let place = table.place;
    let purpose =
        table.need_word("purpose").filter(|word| known.frame.purpose_names.has(word, place));
    let kinds = table.need_words("kinds");
    let written = kinds.iter().any(|kind| kind.get_ref() != DIRECTIVE);
    // What the hub writes itself needs no mapping.
    let mappings = if written { table.need_words("mappings") } else { table.words("mappings") };
    let mappings = by_kind(&mappings, known.packs, place);
    table.finish();
    let kinds: Vec<_> =
        kinds.into_iter().filter(|kind| known.packs.kind_names.has(kind, place)).collect();
    let (mut by_kind, at) = mappings?;
    for kind in &kinds {
        if kind.get_ref() != DIRECTIVE && !by_kind.contains_key(&Kind::new(kind.get_ref())) {
            let what = format!("no mapping of this [read] writes `{}`", kind.get_ref());
            let why = "what is read must be written in some form";
            let mend = format!("name a mapping that writes `{}`", kind.get_ref());
            place.error("LU220", kind.span(), what, why, mend);
        }
    }
    by_kind.retain(|kind, _| kinds.iter().any(|named| named.get_ref() == kind.as_str()));
    let purpose = Purpose::new(purpose.ok_or(Unsound)?.get_ref());
    let directives = kinds.iter().any(|kind| kind.get_ref() == DIRECTIVE);
    Ok((Read { purpose, by_kind, directives }, at))
}

/// The mapping of each kind, and where it is named.
fn by_kind(names: &[Word], packs: &Packs, place: Place<'_>) -> Result<ByKind, Unsound> {
    let mut by_kind = BTreeMap::new();
    let mut at = Places::new();
    let mut is_whole = true;
    for name in names {
        let Some(mapping) = packs.mapping(name, place) else {
            is_whole = false;
            continue;
        };
        if !mapping.writes() {
            let why = "its file says one_way = \"in\": it only reads";
            let mend = "name a mapping that writes, or let this one run both ways";
            place.error("LU222", name.span(), "this mapping cannot write", why, mend);
        }
        let kind = mapping.schema().kind.clone();
        if at.insert(kind.clone(), name.span()).is_some() {
            let what = format!("another mapping here writes `{kind}` too");
            let why = "each record kind goes out in exactly one form";
            place.error("LU221", name.span(), what, why, "keep the one that is meant");
        }
        by_kind.insert(kind, mapping);
    }
    is_whole.then_some((by_kind, at)).ok_or(Unsound)
}
