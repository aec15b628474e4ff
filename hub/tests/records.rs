//! The list of record kinds in `docs/reference/records.md` is made from `mappings/records/`, so that
//! it is never another than what is shipped. `BLESS=1` writes it anew; read the diff.

#![expect(clippy::expect_used, reason = "a file that is not as it should be fails the test")]

use std::{fmt::Write as _, fs, path::Path};

const PAGE: &str = "docs/reference/records.md";
/// What stands before it is written by hand.
const BEGINS: &str = "\n## Kinds\n";

#[test]
fn the_kinds_are_listed_as_they_are_declared() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join(PAGE)).expect("the page");
    let by_hand = page.split(BEGINS).next().expect("its beginning").trim_end();
    let made = format!("{by_hand}\n{BEGINS}{}", kinds(&root.join("mappings/records")));
    if page != made && std::env::var_os("BLESS").is_some() {
        return fs::write(root.join(PAGE), made).expect("the page written");
    }
    assert!(page == made, "{PAGE} is not what mappings/records/ makes of it: BLESS=1 writes it");
}

fn kinds(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("the folder").map(|e| e.expect("an entry").path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension() == Some("toml".as_ref())).collect();
    files.sort();
    let kinds: Vec<_> = files.iter().map(|path| Kind::read(path)).collect();
    let rows: String = kinds.iter().map(Kind::row).collect();
    let sections: String = kinds.iter().map(Kind::section).collect();
    format!(
        "\nMade from the files: change those, then run `BLESS=1 cargo test -p luotsi --test records`.\n\n\
         | kind | Finnish | Swedish | English | FHIR R4 |\n| --- | --- | --- | --- | --- |\n{rows}{sections}"
    )
}

/// One file: its first comment, and what it declares.
struct Kind {
    says: String,
    table: toml::Table,
}

impl Kind {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a record kind");
        let says = text.lines().map_while(|line| line.strip_prefix('#'));
        let says = says.map(|line| line.strip_prefix(' ').unwrap_or(line));
        Self { says: says.collect::<Vec<_>>().join("\n"), table: text.parse().expect("TOML") }
    }

    fn row(&self) -> String {
        let of = |key| text(&self.table, key);
        let [fi, sv, en] = titles(&self.table);
        format!("| [`{0}`](#{0}) | {fi} | {sv} | {en} | {1} |\n", of("kind"), of("fhir"))
    }

    fn section(&self) -> String {
        let roles = ["subject", "service", "task"].map(|role| match text(&self.table, role) {
            "" => String::new(),
            field => format!(" {role} `{field}`,"),
        });
        let roles = roles.concat();
        let mut out = format!("\n## {}\n\n{}\n", text(&self.table, "kind"), self.says);
        let roles = roles.trim_end_matches(',');
        // What does not fail does not fail here: a String takes all.
        let _ = write!(out, "\nRoles:{}.\n\n", if roles.is_empty() { " none" } else { roles });
        out.push_str(&self.sets());
        out.push_str("| field | type | category | required | FHIR R4 | Finnish |\n");
        out.push_str("| --- | --- | --- | --- | --- | --- |\n");
        let fields = self.table["field"].as_array().expect("fields");
        out.extend(fields.iter().map(|field| row_of(field.as_table().expect("a field"))));
        out
    }

    /// The code sets that are closed, with their codes.
    fn sets(&self) -> String {
        let Some(sets) = self.table.get("codes") else { return String::new() };
        let sets = sets.as_table().expect("code sets").iter().map(|(name, codes)| {
            let codes = codes.as_array().expect("codes").iter();
            let codes: Vec<_> =
                codes.map(|code| format!("`{}`", code.as_str().expect("a code"))).collect();
            format!("- {name}: {}\n", codes.join(", "))
        });
        format!("Closed code sets:\n\n{}\n", sets.collect::<String>())
    }
}

fn row_of(field: &toml::Table) -> String {
    let of = |key| text(field, key);
    let is = |key: &str| field.get(key).and_then(toml::Value::as_bool).unwrap_or_default();
    let codes = match of("codes") {
        "" => String::new(),
        codes => format!(" ({codes})"),
    };
    let key = if is("key") { ", key" } else { "" };
    let required = if is("required") { "yes" } else { "" };
    let [fi, ..] = titles(field);
    format!(
        "| `{}` | {}{codes}{key} | {} | {required} | {} | {fi} |\n",
        of("path"),
        of("type"),
        of("category"),
        of("fhir")
    )
}

fn text<'t>(table: &'t toml::Table, key: &str) -> &'t str {
    table.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

fn titles(table: &toml::Table) -> [&str; 3] {
    let titles = table.get("title").and_then(toml::Value::as_table).expect("a title");
    ["fi", "sv", "en"].map(|language| text(titles, language))
}
