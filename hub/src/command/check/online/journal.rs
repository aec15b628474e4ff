//! The journal's database: reached, of this version, with the rights that the hub needs and no more,
//! and of the hubs whose keys these are.

use luotsi_journal::{Database, Schema, Survey, masters_of};
use luotsi_model::Diagnostic;

use super::{Asked, error};
use crate::{
    keys,
    serve::{KeptKey, kept_keys},
    settings::Settings,
};

pub(super) const UNREACHED: &str = "LU300";

const ROLES: &str = "run config/postgres/roles.sql as the role that owns the tables";

pub(super) fn ask(settings: &Settings, asked: &mut Asked) {
    let database = match settings.journal() {
        Ok(database) => database,
        Err(why) => {
            return asked.findings.push(
                error(UNREACHED, "the journal's database cannot be asked").why(why.to_string()),
            );
        }
    };
    // A journal in a file is made by the first start.
    if !database.is_there() {
        return;
    }
    asked.whom.push(database.to_string());
    asked.findings.extend(findings(&database, settings));
}

fn findings(database: &Database, settings: &Settings) -> Vec<Diagnostic> {
    let survey = match Survey::open(database) {
        Ok(survey) => survey,
        Err(why) => {
            let what = format!("the journal's database {database} cannot be reached");
            return vec![error(UNREACHED, what).why(why.to_string()).mend(
                "see that it runs, and that database.url names it with the hub's login and password",
            )];
        }
    };
    match survey.schema() {
        Ok(schema) if schema.found == schema.known => {}
        Ok(schema) if schema.is_own_to_bring && schema.found < schema.known => return Vec::new(),
        Ok(schema) => return vec![other_schema(database, schema)],
        Err(why) => return vec![unread(database, &why)],
    }
    let mut findings = rights(database, &survey);
    findings.extend(keys_of_the_hubs(database, &survey, settings));
    findings.extend(master_keys(database, settings));
    findings
}

fn other_schema(database: &Database, Schema { found, known, .. }: Schema) -> Diagnostic {
    let what = match found {
        0 => format!("{database} has no schema yet, this hub needs version {known}"),
        _ => format!("{database} has schema version {found}, this hub needs {known}"),
    };
    let mend = if found > known {
        "start the newer version of the hub, or restore a journal of this one"
    } else {
        "run `luotsi migrate` as the role that owns the tables"
    };
    error("LU301", what).why("a hub does not start on another schema than its own").mend(mend)
}

fn unread(database: &Database, why: &luotsi_journal::Error) -> Diagnostic {
    let what = format!("the hub's login may not read {database}");
    error("LU302", what).why(why.to_string()).mend(ROLES)
}

fn rights(database: &Database, survey: &Survey) -> Vec<Diagnostic> {
    let rights = match survey.rights() {
        Ok(rights) => rights,
        Err(why) => return vec![unread(database, &why)],
    };
    let mut findings = Vec::new();
    if !rights.lacking.is_empty() {
        let what = format!("the hub's login lacks rights in {database}");
        let why = format!("it may not {}", rights.lacking.join(", "));
        findings.push(error("LU302", what).why(why).mend(ROLES));
    }
    if !rights.beyond.is_empty() {
        let what = format!("the hub's login may do more in {database} than the hub does");
        let why = format!("whoever has its password may {}", rights.beyond.join(", "));
        let mend = "let the hub log in as luotsi_hub of config/postgres/roles.sql, and keep the owner's \
                    login for `luotsi migrate`";
        findings.push(error("LU303", what).why(why).mend(mend).warning());
    }
    findings
}

/// The keys of the data folder, where there are, against the marks that the first hub has left.
fn keys_of_the_hubs(database: &Database, survey: &Survey, settings: &Settings) -> Vec<Diagnostic> {
    const CODE: &str = "LU304";
    if !settings.is_shared() {
        return Vec::new();
    }
    let kept = match kept_keys(&settings.data.dir) {
        Ok(kept) => kept,
        Err(why) => return vec![error(CODE, "a key of the data folder cannot be used").why(why)],
    };
    let mut findings = Vec::new();
    for KeptKey { file, name, mark } in kept {
        match survey.mark(name) {
            Ok(None) => {}
            Ok(Some(theirs)) if theirs == mark => {}
            Ok(Some(_)) => findings.push(
                error(CODE, format!("{file} is not that of the hubs on {database}"))
                    .why("a hub with another one would find none of their clients, or sign their log anew")
                    .mend(format!("copy {file} from the data folder of one of them")),
            ),
            Err(why) => findings.push(unread(database, &why)),
        }
    }
    findings
}

/// Whether what the journal holds can be opened.
fn master_keys(database: &Database, settings: &Settings) -> Option<Diagnostic> {
    const CODE: &str = "LU305";
    let what = format!("the master keys of {database} are not at hand");
    let needed = match masters_of(database) {
        // The first start makes one.
        Ok(needed) if needed.is_empty() => return None,
        Ok(needed) => needed,
        Err(why) => return Some(unread(database, &why)),
    };
    let source = keys::Source::of(&settings.keys.master, &settings.data.dir);
    let why = match source.masters(database) {
        Err(why) => why.to_string(),
        Ok(masters) => {
            let missing = needed.iter().filter(|id| masters.ids().all(|given| given != **id));
            let missing: Vec<_> = missing.map(ToString::to_string).collect();
            if missing.is_empty() {
                return None;
            }
            format!(
                "payloads are sealed under {}, which {} does not hold",
                missing.join(", "),
                source.place()
            )
        }
    };
    let mend = "put the master keys back from where they are kept, or copy them from another hub";
    Some(error(CODE, what).why(why).mend(mend))
}
