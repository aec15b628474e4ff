//! `region.toml`: who is in the region, and what its files may name.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use luotsi_consent::{Sector, Sort};
use luotsi_model::{OrganisationId, Purpose, ServiceTask, schema::Title};

use super::{
    findings::{Findings, Names, Place, Word, choose},
    sources::Sources,
    table::Table,
    words::{
        CONTROLLER, LANGUAGE, ORGANISATION, PURPOSE, SECTOR, SORT, check_distinct, check_name,
        duration,
    },
};
use crate::Organisation;

const FILE: &str = "region.toml";
/// A week: a notice that nobody acknowledges is taken up before the matter is forgotten.
const ACKNOWLEDGE_DEFAULT: SignedDuration = SignedDuration::from_hours(7 * 24);
const LANGUAGES: [&str; 3] = ["fi", "sv", "en"];

/// What `region.toml` declares.
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) languages: Vec<String>,
    /// Where the mappings are, from the region's folder.
    pub(crate) mappings: String,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) purpose_names: Names,
    pub(crate) service_tasks: Vec<ServiceTask>,
    pub(crate) controllers: BTreeMap<OrganisationId, Title>,
    pub(crate) organisations: BTreeMap<OrganisationId, Organisation>,
    pub(crate) organisation_names: Names,
    /// How long a recipient has to acknowledge that it stops processing.
    pub(crate) acknowledge: SignedDuration,
}

/// Reads `region.toml`. Without a readable one, a frame in which every name may be known.
pub(crate) fn read(sources: &mut Sources<'_>, findings: &Findings) -> Frame {
    let place = Place { file: FILE, findings };
    let text = sources.text(FILE, findings);
    let table = text.as_deref().and_then(|text| Table::document(place, text));
    table.map_or_else(unread, |table| declared(table, place))
}

fn unread() -> Frame {
    Frame {
        name: String::new(),
        languages: Vec::new(),
        mappings: "mappings".into(),
        purposes: Vec::new(),
        purpose_names: Names::new(&PURPOSE, [], false),
        service_tasks: Vec::new(),
        controllers: BTreeMap::new(),
        organisations: BTreeMap::new(),
        organisation_names: Names::new(&ORGANISATION, [], false),
        acknowledge: ACKNOWLEDGE_DEFAULT,
    }
}

fn declared(mut table: Table<'_>, place: Place<'_>) -> Frame {
    let name = table.need_word("name").map(Word::into_inner).unwrap_or_default();
    let languages = languages(&mut table, place);
    let mappings = table.word("mappings").map_or_else(|| "mappings".into(), Word::into_inner);
    let purposes = table.need_words("purposes");
    purposes.iter().for_each(|purpose| check_name(purpose, place));
    check_distinct("purpose", &purposes, place);
    let service_tasks = table.words("service_tasks");
    check_distinct("service task", &service_tasks, place);
    let controllers = controllers(&mut table, place);
    let (organisation_names, organisations) = organisations(&mut table, &controllers, place);
    let acknowledge = acknowledge(&mut table, place);
    table.finish();
    Frame {
        name,
        languages,
        mappings: mappings.trim_end_matches('/').to_owned(),
        purposes: purposes.iter().map(|word| Purpose::new(word.get_ref())).collect(),
        purpose_names: Names::new(&PURPOSE, purposes.into_iter().map(Word::into_inner), true),
        service_tasks: service_tasks.iter().map(|word| ServiceTask::new(word.get_ref())).collect(),
        controllers,
        organisations,
        organisation_names,
        acknowledge,
    }
}

fn acknowledge(table: &mut Table<'_>, place: Place<'_>) -> SignedDuration {
    let Some(mut table) = table.table("recall") else { return ACKNOWLEDGE_DEFAULT };
    let why = "a notice to stop processing that is not acknowledged by then goes to a person";
    let told = table.word("acknowledge").and_then(|word| duration(&word, why, place));
    table.finish();
    told.unwrap_or(ACKNOWLEDGE_DEFAULT)
}

fn languages(table: &mut Table<'_>, place: Place<'_>) -> Vec<String> {
    let words = table.need_words("languages");
    check_distinct("language", &words, place);
    let choices = LANGUAGES.map(|language| (language, language.to_owned()));
    words.iter().filter_map(|word| choose(&LANGUAGE, word, choices.clone(), place)).collect()
}

fn controllers(table: &mut Table<'_>, place: Place<'_>) -> BTreeMap<OrganisationId, Title> {
    let declared = table.tables("controller").into_iter().filter_map(|mut table| {
        let name = table.need_word("name");
        let title = title(&mut table);
        table.finish();
        Some((name?, title))
    });
    let declared: Vec<_> = declared.collect();
    check_names("controller", declared.iter().map(|(name, _)| name), place);
    declared.into_iter().map(|(name, title)| (OrganisationId::new(name.get_ref()), title)).collect()
}

fn organisations(
    table: &mut Table<'_>,
    controllers: &BTreeMap<OrganisationId, Title>,
    place: Place<'_>,
) -> (Names, BTreeMap<OrganisationId, Organisation>) {
    let known = controllers.keys().map(ToString::to_string);
    let controllers = Names::new(&CONTROLLER, known, true);
    let tables = table.tables("organisation").into_iter();
    let declared: Vec<_> =
        tables.filter_map(|table| organisation(table, &controllers, place)).collect();
    check_names("organisation", declared.iter().map(|(name, _)| name), place);
    let names = declared.iter().map(|(name, _)| name.get_ref().clone());
    let names = Names::new(&ORGANISATION, names, true);
    let sound = declared.into_iter().filter_map(|(name, organisation)| {
        Some((OrganisationId::new(name.get_ref()), organisation?))
    });
    (names, sound.collect())
}

/// Its name, and the rest of it where that is sound: others may refer to it either way.
fn organisation(
    mut table: Table<'_>,
    controllers: &Names,
    place: Place<'_>,
) -> Option<(Word, Option<Organisation>)> {
    let name = table.need_word("name");
    let title = title(&mut table);
    let controller = table.need_word("controller").filter(|word| controllers.has(word, place));
    let sorts = Sort::ALL.map(|sort| (sort.as_str(), sort));
    let sort = table.need_word("sort").and_then(|word| choose(&SORT, &word, sorts, place));
    let sectors = Sector::ALL.map(|sector| (sector.as_str(), sector));
    let sector = table.word("sector").and_then(|word| choose(&SECTOR, &word, sectors, place));
    table.finish();
    let organisation = controller.zip(sort).map(|(controller, sort)| Organisation {
        title,
        controller: OrganisationId::new(controller.get_ref()),
        sort,
        sector,
    });
    Some((name?, organisation))
}

fn title(table: &mut Table<'_>) -> Title {
    let Some(mut table) = table.table("title") else { return Title::default() };
    let mut of = |language| table.word(language).map(Word::into_inner).unwrap_or_default();
    let title = Title { fi: of("fi"), sv: of("sv"), en: of("en") };
    table.finish();
    title
}

fn check_names<'w>(what: &str, words: impl Iterator<Item = &'w Word> + Clone, place: Place<'_>) {
    words.clone().for_each(|word| check_name(word, place));
    check_distinct(what, words, place);
}
