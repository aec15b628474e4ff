//! Record schemas: `mappings/records/<kind>.toml`.

use std::str::FromStr;

use luotsi_model::{
    Category, Diagnostic, Field, FieldId, Kind, Schema, Type, diagnostic::nearest, schema::Title,
};

use crate::source::{Reader, Table, Text, top};

mod sets;

use sets::Sets;

const TYPES: &[(&str, Type)] = &[
    ("text", Type::Text),
    ("code", Type::Code),
    ("date", Type::Date),
    ("instant", Type::Instant),
    ("decimal", Type::Decimal),
    ("boolean", Type::Boolean),
    ("hetu", Type::Hetu),
    ("ytunnus", Type::Ytunnus),
    ("oid", Type::Oid),
    ("phone", Type::Phone),
    ("municipality", Type::Municipality),
    ("group", Type::Group),
];
const TOP: &[&str] = &["kind", "title", "fhir", "subject", "service", "task", "codes", "field"];
const FIELD: &[&str] = &["path", "type", "category", "required", "key", "codes", "fhir", "title"];

/// The name of a type in files.
pub(crate) fn type_name(holds: Type) -> &'static str {
    TYPES.iter().find(|(_, known)| *known == holds).map_or("", |(name, _)| name)
}

/// Reads a record schema. Gives every finding; no schema where one is an error.
pub fn parse(file: &str, text: &str) -> (Option<Schema>, Vec<Diagnostic>) {
    let mut reader = Reader::new(file, "LU120", "LU121");
    let table = reader.parse(text);
    if reader.failed() {
        return (None, reader.found);
    }
    let table = top(&table);
    reader.known(table, TOP);
    let kind = reader.needed(table, "kind").map(|kind| kind.text).unwrap_or_default();
    let mut schema = Schema::new(Kind::new(kind));
    schema.fhir = reader.text(table, "fhir").map(|text| text.text);
    schema.title = title(&mut reader, table);
    let sets = Sets::read(&mut reader, table);
    for field in reader.tables(table, "field") {
        add(&mut reader, &mut schema, &sets, field);
    }
    sets.all_used(&mut reader, &schema);
    schema.subject = role(&mut reader, &schema, table, "subject");
    schema.service = role(&mut reader, &schema, table, "service");
    schema.task = role(&mut reader, &schema, table, "task");
    if !table.has("field") {
        let why = "a record without fields holds nothing";
        reader.error("LU121", 0..0, "there is no [[field]]", why, "declare at least one");
    }
    ((!reader.failed()).then_some(schema), reader.found)
}

fn title(reader: &mut Reader<'_>, table: Table<'_>) -> Title {
    let Some(table) = reader.table(table, "title") else { return Title::default() };
    reader.known(table, &["fi", "sv", "en"]);
    let mut of = |key| reader.text(table, key).map(|text| text.text).unwrap_or_default();
    Title { fi: of("fi"), sv: of("sv"), en: of("en") }
}

fn add(reader: &mut Reader<'_>, schema: &mut Schema, sets: &Sets, table: Table<'_>) {
    reader.known(table, FIELD);
    let path = reader.needed(table, "path");
    let holds = reader.needed(table, "type").and_then(|name| holds(reader, &name));
    let category = reader.needed(table, "category").and_then(|name| category(reader, &name));
    let required = reader.flag(table, "required");
    let key = reader.flag(table, "key");
    let codes = reader.text(table, "codes");
    let fhir = reader.text(table, "fhir").map(|text| text.text);
    let title = title(reader, table);
    let (Some(path), Some(holds), Some(category)) = (path, holds, category) else { return };
    if let (Some(codes), true) = (&codes, holds != Type::Code) {
        let why = "only a code has a code set";
        reader.error(
            "LU126",
            codes.span.clone(),
            "`codes` on a field that is no code",
            why,
            "remove it",
        );
    }
    let Some(group) = place(reader, schema, &path, holds) else { return };
    if key && (group.is_none() || holds == Type::Group) {
        let why = "a key tells the rows of a group apart";
        let mend = "set it on a field that stands in a group";
        reader.error("LU123", path.span.clone(), "`key` on a field outside a group", why, mend);
    }
    let codes = codes.map(|name| sets.named(name.text));
    schema.add(Field {
        path: path.text,
        holds,
        category,
        required,
        key,
        group,
        codes,
        fhir,
        title,
    });
}

fn holds(reader: &mut Reader<'_>, name: &Text) -> Option<Type> {
    let known = TYPES.iter().find(|(known, _)| *known == name.text);
    if known.is_none() {
        unknown(reader, "type", name, TYPES.iter().map(|(known, _)| *known));
    }
    known.map(|(_, holds)| *holds)
}

fn category(reader: &mut Reader<'_>, name: &Text) -> Option<Category> {
    let known = Category::from_str(&name.text).ok();
    if known.is_none() {
        unknown(reader, "category", name, Category::ALL.iter().map(|known| known.as_str()));
    }
    known
}

fn unknown(
    reader: &mut Reader<'_>,
    sort: &str,
    name: &Text,
    known: impl Iterator<Item = &'static str>,
) {
    let known: Vec<_> = known.collect();
    let mend = match nearest(&name.text, known.iter().copied()) {
        Some(near) => format!("write `{near}`"),
        None => format!("use one of: {}", known.join(", ")),
    };
    let what = format!("unknown {sort} `{}`", name.text);
    reader.error("LU124", name.span.clone(), what, format!("a field needs a known {sort}"), mend);
}

/// The group the field stands in, checked against its path; nothing where the path is wrong.
fn place(
    reader: &mut Reader<'_>,
    schema: &Schema,
    path: &Text,
    holds: Type,
) -> Option<Option<FieldId>> {
    let bare = path.text.strip_suffix("[]").unwrap_or(&path.text);
    let steps_hold = bare.split('.').all(|step| {
        let step = step.strip_suffix("[]").unwrap_or(step);
        !step.is_empty() && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    });
    let mut wrong = |code, what: String, why: &str, mend: String| {
        reader.error(code, path.span.clone(), what, why, mend);
        None
    };
    if !steps_hold || path.text.ends_with("[]") != (holds == Type::Group) {
        let why = "names are letters, digits, - and _, parted by dots; a group's path ends in []";
        return wrong(
            "LU125",
            format!("`{}` is no field path of this type", path.text),
            why,
            "write it so".into(),
        );
    }
    if schema.find(&path.text).is_some() {
        let why = "a field has one type and one category";
        return wrong(
            "LU122",
            format!("`{}` is declared twice", path.text),
            why,
            "remove one".into(),
        );
    }
    let Some(end) = bare.rfind("[].") else { return Some(None) };
    let group = &bare[..end + 2];
    let Some(group) = schema.find(group) else {
        let mend = format!("declare `{group}` with type \"group\" before it");
        return wrong(
            "LU123",
            format!("`{}` stands in no group", path.text),
            "its group is unknown",
            mend,
        );
    };
    Some(Some(group))
}

fn role(reader: &mut Reader<'_>, schema: &Schema, table: Table<'_>, key: &str) -> Option<FieldId> {
    let path = reader.text(table, key)?;
    let id = schema.find(&path.text).filter(|id| {
        let field = schema.field(*id);
        field.group.is_none() && field.holds != Type::Group
    });
    if id.is_none() {
        let mend = match nearest(&path.text, schema.leaves().map(|(_, field)| &*field.path)) {
            Some(near) => format!("write `{near}`"),
            None => "name a field of this file that stands in no group".into(),
        };
        let what = format!("`{key}` names `{}`", path.text);
        reader.error("LU127", path.span, what, "no single field has that path", mend);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &str, more: &str) -> String {
        format!("[[field]]\npath = \"{path}\"\ncategory = \"need\"\n{more}\n")
    }

    fn check(fields: &[String], codes: &[&str]) -> Option<Schema> {
        let text = format!("kind = \"sample\"\n{}", fields.concat());
        let (schema, found) = parse("sample.toml", &text);
        assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), codes, "{found:#?}");
        schema
    }

    #[test]
    fn groups_nest() {
        let fields = [
            field("a[]", "type = \"group\""),
            field("a[].id", "type = \"text\"\nkey = true"),
            field("a[].b[]", "type = \"group\""),
            field("a[].b[].c", "type = \"code\"\ncodes = \"x\""),
        ];
        let schema = check(&fields, &[]).unwrap();
        let group_of = |path| schema.field(schema.find(path).unwrap()).group;
        assert_eq!(group_of("a[].b[].c"), schema.find("a[].b[]"));
        assert_eq!(group_of("a[].b[]"), schema.find("a[]"));
        assert!(schema.field(schema.find("a[].id").unwrap()).key);
    }

    fn answer(sets: &str) -> [String; 2] {
        let codes = "type = \"code\"\ncodes = \"answer\"";
        [format!("[codes]\n{sets}\n"), field("a", codes)]
    }

    #[test]
    fn a_set_is_closed_where_it_is_listed() {
        let of = |sets| check(&answer(sets), &[]).unwrap().field(FieldId(0)).closed().cloned();
        let closed = of("answer = ['yes', 'no']").unwrap();
        assert!(closed.has("no") && !closed.has("maybe") && closed.codes().eq(["yes", "no"]));
        assert_eq!(of(""), None);
    }

    #[test]
    fn findings() {
        check(&[], &["LU121"]);
        check(&[field("a", "type = \"text\"\nrequird = true")], &["LU121"]);
        check(&[field("a", "type = \"text\""), field("a", "type = \"text\"")], &["LU122"]);
        check(&[field("a[].b", "type = \"text\"")], &["LU123"]);
        check(&[field("a", "type = \"text\"\nkey = true")], &["LU123"]);
        check(&[field("a", "type = \"txt\"")], &["LU124"]);
        check(&[field("a[]", "type = \"text\"")], &["LU125"]);
        check(&[field("a", "type = \"text\"\ncodes = \"x\"")], &["LU126"]);
        for sets in
            ["answr = ['yes']", "answer = []", "answer = ['yes', 'yes']", "answer = ['yes', ' no']"]
        {
            check(&answer(sets), &["LU128"]);
        }
        check(&answer("answer = 'yes'"), &["LU121"]);
        assert_eq!(parse("s.toml", "kind = ").1[0].code, "LU120");
        let (_, found) =
            parse("s.toml", &format!("kind=\"s\"\nsubject=\"b\"\n{}", field("a", "type=\"text\"")));
        assert_eq!(found[0].code, "LU127");
    }
}
