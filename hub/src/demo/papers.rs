//! What the guidance system sends: Serena-style XML (docs/reference/serena-style.md).

use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::people::Person;

const NAMESPACE: &str = "urn:luotsi:serena-style:1.0";

/// A document and the reference it goes by.
#[derive(Clone, Debug)]
pub(super) struct Paper {
    pub(super) reference: String,
    pub(super) xml: String,
}

/// A referral to peer support.
pub(super) fn referral(reference: &str, person: &Person) -> Paper {
    let client = element(
        "Asiakas",
        &[
            text("Henkilotunnus", &person.hetu),
            text("Etunimet", &person.given),
            text("Sukunimi", &person.family),
            text("Puhelin", &person.phone),
            element("Osoite", &[text("Katu", "Mallitie 1"), text("Toimipaikka", "Malliala")]),
            text("Kieli", "fi"),
        ],
    );
    let goal = format!(r#"<Tavoite tekija="asiakas">{}</Tavoite>"#, text("Kuvaus", &person.goal));
    let author = element(
        "Laatija",
        &[
            text("Nimi", "Olli Ohjaaja"),
            text("Rooli", "palveluohjaaja"),
            text("Yksikko", "Mallikunnan palveluohjaus"),
        ],
    );
    document(
        "Lahete",
        reference,
        &[
            text("Lahetetty", &minute()),
            client,
            r#"<Palvelu koodi="vertaistuki"/>"#.into(),
            text("Palvelutehtava", "malli-iakkaat"),
            text("Kiireellisyys", "kiireeton"),
            text("Tarve", &person.need),
            text("Terveystieto", &person.health),
            text("Elamantilanne", "Asuu yksin."),
            element("Tavoitteet", &[goal]),
            author,
            r#"<Tulostus asettelu="a4"/>"#.into(),
        ],
    )
}

/// A consent to Malli ry for peer support. It names health, too: that the policy gives none of it
/// to an association shows that a consent only narrows.
pub(super) fn consent(reference: &str, person: &Person) -> Paper {
    let groups = ["henkilotiedot", "yhteystiedot", "tarve", "suunnitelma", "terveys", "hallinto"];
    let groups = groups.map(|code| format!(r#"<Tietoryhma koodi="{code}"/>"#));
    document(
        "Suostumus",
        reference,
        &[
            text("Annettu", &minute()),
            subject(person),
            format!(r#"<Voimassa alkaa="{}"/>"#, now().strftime("%d.%m.%Y")),
            element("Vastaanottajat", &[r#"<Vastaanottaja tunnus="malli-ry"/>"#.into()]),
            element("Kayttotarkoitukset", &[r#"<Kayttotarkoitus koodi="vertaistuki"/>"#.into()]),
            element("Tietoryhmat", &groups),
        ],
    )
}

/// The withdrawal of a consent.
pub(super) fn withdrawal(reference: &str, person: &Person, withdrawn: &str) -> Paper {
    let which = format!(r#"<Peruutettava tunnus="{withdrawn}"/>"#);
    document("Peruutus", reference, &[text("Annettu", &minute()), subject(person), which])
}

/// A question on the chat, from nobody in particular.
pub(super) fn question(reference: &str, question: &str) -> Paper {
    document(
        "Yhteydenotto",
        reference,
        &[
            text("Lahetetty", &minute()),
            text("Kanava", "chat"),
            r#"<Aihe koodi="vertaistuki"/>"#.into(),
            text("Kysymys", question),
        ],
    )
}

fn document(root: &str, reference: &str, children: &[String]) -> Paper {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{root} xmlns=\"{NAMESPACE}\" tunnus=\"{reference}\">{}</{root}>\n",
        children.concat()
    );
    Paper { reference: reference.to_owned(), xml }
}

fn subject(person: &Person) -> String {
    element("Asiakas", &[text("Henkilotunnus", &person.hetu)])
}

fn element(name: &str, children: &[String]) -> String {
    format!("<{name}>{}</{name}>", children.concat())
}

fn text(name: &str, content: &str) -> String {
    let content = content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<{name}>{content}</{name}>")
}

/// The guidance system writes local times.
fn now() -> Zoned {
    let zone = TimeZone::get("Europe/Helsinki").unwrap_or(TimeZone::UTC);
    Timestamp::now().to_zoned(zone)
}

fn minute() -> String {
    now().strftime("%d.%m.%Y %H:%M").to_string()
}
