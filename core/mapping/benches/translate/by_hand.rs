//! The same translation as one would write it for this pair of formats alone: quick-xml and serde
//! into structs, checks, serde_json out. It refuses what is wrong but accounts for nothing.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use luotsi_model::hetu::{Hetu, Strictness};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read as the other side reads it, written only in part")]
struct Lahete {
    #[serde(rename = "@tunnus")]
    tunnus: String,
    lahetetty: String,
    asiakas: Asiakas,
    palvelu: Palvelu,
    palvelutehtava: Option<String>,
    kiireellisyys: String,
    tarve: String,
    toimintakyky: Option<String>,
    terveystieto: Option<String>,
    elamantilanne: Option<String>,
    tavoitteet: Option<Tavoitteet>,
    lisatieto: Option<String>,
    laatija: Option<Laatija>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "as above")]
struct Asiakas {
    henkilotunnus: String,
    etunimet: String,
    sukunimi: String,
    puhelin: Option<String>,
    osoite: Option<Osoite>,
    kieli: Option<String>,
    lahiomainen: Option<Lahiomainen>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "as above")]
struct Osoite {
    katu: Option<String>,
    postinumero: Option<String>,
    toimipaikka: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "as above")]
struct Lahiomainen {
    nimi: Option<String>,
    puhelin: Option<String>,
}

#[derive(Deserialize)]
struct Palvelu {
    #[serde(rename = "@koodi")]
    koodi: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tavoitteet {
    #[serde(default)]
    tavoite: Vec<Tavoite>,
}

#[derive(Deserialize)]
struct Tavoite {
    #[serde(rename = "@tekija")]
    tekija: String,
    #[serde(rename = "Kuvaus")]
    kuvaus: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "as above")]
struct Laatija {
    nimi: Option<String>,
    rooli: Option<String>,
    yksikko: Option<String>,
}

/// A referral, checked.
pub(crate) struct Referral {
    lahete: Lahete,
    #[expect(dead_code, reason = "as above")]
    sent: Timestamp,
    service: &'static str,
    priority: &'static str,
    goals: Vec<(String, &'static str)>,
}

pub(crate) fn referral(xml: &str) -> Referral {
    let mut lahete: Lahete = quick_xml::de::from_str(xml).expect("well-formed");
    let asiakas = &lahete.asiakas;
    Hetu::parse(&asiakas.henkilotunnus, Strictness::Strict).expect("hetu");
    assert!(asiakas.puhelin.as_ref().is_none_or(|phone| phone.starts_with('+')));
    let local = DateTime::strptime("%d.%m.%Y %H:%M", &lahete.lahetetty).expect("time");
    let zone = TimeZone::get("Europe/Helsinki").expect("zone");
    let goals = lahete.tavoitteet.take().map(|goals| goals.tavoite).unwrap_or_default();
    Referral {
        sent: zone.to_timestamp(local).expect("time"),
        service: match &*lahete.palvelu.koodi {
            "vertaistuki" => "peer-support",
            "kotihoito" => "home-care",
            _ => panic!("service"),
        },
        priority: match &*lahete.kiireellisyys {
            "kiireeton" => "routine",
            "kiireellinen" => "urgent",
            _ => panic!("priority"),
        },
        goals: goals.into_iter().map(|goal| (goal.kuvaus, author(&goal.tekija))).collect(),
        lahete,
    }
}

fn author(code: &str) -> &'static str {
    match code {
        "asiakas" => "client",
        "ammattilainen" => "professional",
        _ => panic!("author"),
    }
}

#[derive(Serialize)]
struct Webhook<'r> {
    r#type: &'static str,
    timestamp: &'static str,
    data: Data<'r>,
}

#[derive(Serialize)]
struct Data<'r> {
    task: &'static str,
    reference: &'r str,
    service: &'r str,
    priority: &'r str,
    client: Client<'r>,
    need: &'r str,
    goals: Vec<Goal<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Client<'r> {
    given_name: &'r str,
    family_name: &'r str,
    phone: Option<&'r str>,
    language: Option<&'r str>,
}

#[derive(Serialize)]
struct Goal<'r> {
    text: &'r str,
    author: &'r str,
}

pub(crate) fn webhook(referral: &Referral) -> Vec<u8> {
    let Referral { lahete, service, priority, goals, .. } = referral;
    let client = &lahete.asiakas;
    let goals = goals.iter().map(|(text, author)| Goal { text, author });
    let webhook = Webhook {
        r#type: "referral.requested",
        timestamp: super::CONTEXT[3].1,
        data: Data {
            task: super::CONTEXT[0].1,
            reference: &lahete.tunnus,
            service,
            priority,
            client: Client {
                given_name: &client.etunimet,
                family_name: &client.sukunimi,
                phone: client.puhelin.as_deref(),
                language: client.kieli.as_deref(),
            },
            need: &lahete.tarve,
            goals: goals.collect(),
        },
    };
    serde_json::to_vec(&webhook).expect("JSON")
}
