//! What the connected systems send: Serena-style XML, and answers in JSON.

use std::fmt::Write;

/// The characters that XML keeps for itself.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A document with its root and namespace.
fn document(root: &str, id: &str, content: &str) -> String {
    let (id, ns) = (escape(id), "urn:luotsi:serena-style:1.0");
    format!("<?xml version=\"1.0\"?>\n<{root} xmlns=\"{ns}\" tunnus=\"{id}\">\n{content}</{root}>")
}

/// An element with a text; nothing for an empty one.
fn element(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>\n", escape(text)) }
}

fn wrapped(name: &str, content: &str) -> String {
    if content.is_empty() { String::new() } else { format!("<{name}>\n{content}</{name}>\n") }
}

/// A list of `<item attribute="…"/>` in `name`; nothing for an empty one.
fn list(name: &str, item: &str, attribute: &str, values: &[&str]) -> String {
    let items = values.iter().fold(String::new(), |mut all, value| {
        let _ = writeln!(all, "<{item} {attribute}=\"{}\"/>", escape(value));
        all
    });
    wrapped(name, &items)
}

/// `Lahete`. An empty field is left out.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "named as the fields of the record kind `referral`")]
pub struct Referral {
    pub reference: String,
    pub hetu: String,
    pub given: String,
    pub family: String,
    pub phone: String,
    pub street: String,
    pub city: String,
    pub relative_name: String,
    pub relative_phone: String,
    pub service: String,
    pub need: String,
    pub function: String,
    pub health: String,
    pub social: String,
    pub goal: String,
    pub note: String,
    pub author_name: String,
    pub author_role: String,
    pub author_unit: String,
    pub print: String,
}

impl Referral {
    /// To peer support, with something in every field.
    pub fn to_peer_support(reference: &str, hetu: &str) -> Self {
        let [given, family, phone] = ["Testi", "Mallikas", "+99900000101"].map(String::from);
        Self {
            reference: reference.into(),
            hetu: hetu.into(),
            given,
            family,
            phone,
            street: "Mallitie 1".into(),
            city: "Malliala".into(),
            relative_name: "Vaina Mallikas".into(),
            relative_phone: "+99900000102".into(),
            service: "vertaistuki".into(),
            need: "Kaipaa seuraa.".into(),
            function: "Liikkuu rollaattorilla.".into(),
            health: "Verenpainetauti.".into(),
            social: "Asuu yksin.".into(),
            goal: "Pääsee kahville.".into(),
            note: "Ovikello ei toimi.".into(),
            author_name: "Olli Ohjaaja".into(),
            author_role: "palveluohjaaja".into(),
            author_unit: "Mallikunnan palveluohjaus".into(),
            print: "a4".into(),
        }
    }

    /// The document.
    pub fn xml(&self) -> String {
        let client = [
            element("Henkilotunnus", &self.hetu),
            element("Etunimet", &self.given),
            element("Sukunimi", &self.family),
            element("Puhelin", &self.phone),
            wrapped(
                "Osoite",
                &[element("Katu", &self.street), element("Toimipaikka", &self.city)].concat(),
            ),
            element("Kieli", "fi"),
            wrapped(
                "Lahiomainen",
                &[element("Nimi", &self.relative_name), element("Puhelin", &self.relative_phone)]
                    .concat(),
            ),
        ];
        let goal = element("Kuvaus", &self.goal);
        let goals = if goal.is_empty() {
            String::new()
        } else {
            format!("<Tavoitteet><Tavoite tekija=\"asiakas\">{goal}</Tavoite></Tavoitteet>\n")
        };
        let author = [
            element("Nimi", &self.author_name),
            element("Rooli", &self.author_role),
            element("Yksikko", &self.author_unit),
        ];
        let content = [
            element("Lahetetty", "14.11.2026 09:30"),
            wrapped("Asiakas", &client.concat()),
            format!("<Palvelu koodi=\"{}\"/>\n", escape(&self.service)),
            element("Palvelutehtava", "malli-iakkaat"),
            element("Kiireellisyys", "kiireeton"),
            element("Tarve", &self.need),
            element("Toimintakyky", &self.function),
            element("Terveystieto", &self.health),
            element("Elamantilanne", &self.social),
            goals,
            element("Lisatieto", &self.note),
            wrapped("Laatija", &author.concat()),
            element("Tulostus", &self.print),
        ];
        document("Lahete", &self.reference, &content.concat())
    }
}

/// What a consent or a prohibition speaks of; an empty list: of anything.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "named as the lists of the record kind `directive`")]
pub struct Scope<'a> {
    pub recipients: &'a [&'a str],
    pub purposes: &'a [&'a str],
    pub categories: &'a [&'a str],
    /// First day, `dd.MM.yyyy`.
    pub from: &'a str,
}

impl Scope<'_> {
    /// Malli ry for peer support, any data, since long.
    pub const PEER_SUPPORT: Self = Scope {
        recipients: &["malli-ry"],
        purposes: &["vertaistuki"],
        categories: &[],
        from: "01.01.2020",
    };
}

/// `Suostumus`.
pub fn consent(id: &str, hetu: &str, scope: Scope<'_>) -> String {
    directive("Suostumus", id, hetu, scope)
}

/// `Kielto`.
pub fn prohibition(id: &str, hetu: &str, scope: Scope<'_>) -> String {
    directive("Kielto", id, hetu, scope)
}

fn directive(root: &str, id: &str, hetu: &str, scope: Scope<'_>) -> String {
    let content = [
        element("Annettu", "14.11.2026 09:00"),
        wrapped("Asiakas", &element("Henkilotunnus", hetu)),
        format!("<Voimassa alkaa=\"{}\"/>\n", scope.from),
        list("Vastaanottajat", "Vastaanottaja", "tunnus", scope.recipients),
        list("Kayttotarkoitukset", "Kayttotarkoitus", "koodi", scope.purposes),
        list("Tietoryhmat", "Tietoryhma", "koodi", scope.categories),
    ];
    document(root, id, &content.concat())
}

/// `Peruutus` of the directive `withdrawn`.
pub fn withdrawal(id: &str, hetu: &str, withdrawn: &str) -> String {
    let content = [
        element("Annettu", "14.11.2026 10:00"),
        wrapped("Asiakas", &element("Henkilotunnus", hetu)),
        format!("<Peruutettava tunnus=\"{}\"/>\n", escape(withdrawn)),
    ];
    document("Peruutus", id, &content.concat())
}

/// `Yhteydenotto`; anonymous when there is no code.
pub fn contact(id: &str, hetu: &str, question: &str, reply: &str) -> String {
    let content = [
        element("Lahetetty", "14.11.2026 09:00"),
        element("Kanava", "chat"),
        "<Aihe koodi=\"vertaistuki\"/>\n".into(),
        wrapped("Asiakas", &element("Henkilotunnus", hetu)),
        element("Kysymys", question),
        element("Vastausosoite", reply),
    ];
    document("Yhteydenotto", id, &content.concat())
}

/// `Palvelutarve`, with `text` after the name of each free field.
pub fn assessment(id: &str, hetu: &str, text: &str) -> String {
    let said = |name: &str| element(name, &format!("{name} {text}"));
    let content = [
        element("Lahetetty", "14.11.2026 09:40"),
        element("Arvioitu", "12.11.2026"),
        wrapped(
            "Asiakas",
            &[element("Henkilotunnus", hetu), said("Etunimet"), said("Sukunimi")].concat(),
        ),
        element("Palvelutehtava", "malli-iakkaat"),
        ["Yhteenveto", "Toimintakyky", "Terveystieto", "Elamantilanne", "Tukiverkosto"]
            .map(said)
            .concat(),
        ["AsiakkaanNakemys", "Johtopaatos"].map(said).concat(),
        said("Lisatieto"),
        wrapped("Laatija", &["Nimi", "Rooli", "Yksikko"].map(said).concat()),
    ];
    document("Palvelutarve", id, &content.concat())
}

/// Malli ry's answer to a task.
pub fn answer(task: &str, status: &str, reason: Option<&str>, note: Option<&str>) -> String {
    let mut answer = serde_json::json!({ "task": task, "status": status });
    answer["at"] = "2026-11-14T08:00:00Z".into();
    for (name, text) in [("reason", reason), ("note", note)] {
        if let Some(text) = text {
            answer[name] = text.into();
        }
    }
    answer.to_string()
}
