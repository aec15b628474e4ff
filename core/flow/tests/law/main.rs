//! The law, case by case, in the demo region: the guidance system's own documents go in, and the
//! gate is asked what it would let through. Every case names the rule that must carry it.

#![expect(clippy::unwrap_used, reason = "a test's case stops where its ground gives way")]

mod hub;
mod papers;
mod skew;

use hub::Hub;
use luotsi_model::Category;
use papers::{ADULT, CHILD, MINOR, Paper, directive, referral};

/// The rules that must let something through, or the reason why nothing may go.
type Want<'w> = Result<&'w [&'w str], &'w str>;

/// What is on record, what is sent to whom, and what must come of it.
#[track_caller]
fn check<const N: usize>(given: [Paper; N], sent: &Paper, to: &str, want: Want<'_>) -> Vec<String> {
    let hub = Hub::new();
    given.into_iter().for_each(|paper| hub.post("serena", &paper));
    let why = hub.why(hub.post_for(sent), to);
    let rules = why.steps.iter().filter(|s| s.met && s.clause.starts_with("rule "));
    let rules: Vec<_> = rules.map(|s| s.clause["rule ".len()..].trim_matches('"')).collect();
    let got = if why.decision == "permit" { Ok(&*rules) } else { Err(why.reason.unwrap()) };
    assert_eq!(got, want, "{:#?}", why.steps);
    why.withheld
}

const HOSPITAL: &str = "malli-sairaala";
const PRODUCER: &str = "malli-hoiva";

fn to_hospital(grounds: &str) -> Paper {
    referral(ADULT, "palveluohjaus", "kiireellinen", grounds)
}

fn to_producer() -> Paper {
    referral(ADULT, "ateriapalvelu", "kiireeton", "")
}

fn purchased(see: bool, producer: &str) -> Paper {
    let inside = format!(
        r#"<Sopimus tunnus="malli-sopimus-7"/><Jarjestaja tunnus="mallikunta"/>
           <Tuottaja tunnus="{producer}"/><Oikeudet katselu="{see}" tallennus="true"/>
           <Voimassa alkaa="14.11.2026" paattyy="31.12.2027"/>"#
    );
    directive("Ostopalvelu", "OS-1", ADULT, &inside)
}

fn voucher() -> Paper {
    let inside = format!(
        r#"<Jarjestaja tunnus="mallikunta"/><Tuottaja tunnus="{PRODUCER}"/>
           <Voimassa alkaa="14.11.2026"/>"#
    );
    directive("Palveluseteli", "PS-1", ADULT, &inside)
}

fn permission(sector: &str, rest: &str) -> Paper {
    directive("Luovutuslupa", "LL-1", ADULT, &format!(r#"<Ala koodi="{sector}"/>{rest}"#))
}

const INFORMED: &str = "<Informoitu>20.11.2026 08:50</Informoitu>";
const RELATED: &str = "<Asiakassuhde>true</Asiakassuhde>";

fn prohibition(inside: &str) -> Paper {
    directive("Kielto", "K-1", ADULT, inside)
}

fn recipient(name: &str) -> String {
    format!(r#"<Vastaanottajat><Vastaanottaja tunnus="{name}"/></Vastaanottajat>"#)
}

#[test]
fn a_purchased_service_lets_its_producer_see() {
    let sent = to_producer();
    check([], &sent, PRODUCER, Err("no-basis-yet"));
    check([purchased(true, PRODUCER)], &sent, PRODUCER, Ok(&["purchased service"]));
    check([purchased(false, PRODUCER)], &sent, PRODUCER, Err("no-basis-yet"));
    check([purchased(true, "malli-ry")], &sent, PRODUCER, Err("no-basis-yet"));
    // A kielto cannot stand between an organiser and its producer.
    let both = [purchased(true, PRODUCER), prohibition(&recipient(PRODUCER))];
    check(both, &sent, PRODUCER, Ok(&["purchased service"]));
}

#[test]
fn a_voucher_lets_its_provider_see() {
    check([voucher()], &to_producer(), PRODUCER, Ok(&["voucher"]));
    let taken_back = directive("Peruutus", "P-1", ADULT, r#"<Peruutettava tunnus="PS-1"/>"#);
    check([voucher(), taken_back], &to_producer(), PRODUCER, Err("withdrawn"));
}

#[test]
fn a_disclosure_permission_needs_informing_a_relationship_and_one_sector() {
    let (social, health) = ("sosiaalihuolto", "terveydenhuolto");
    let sent = to_producer();
    let whole = permission(social, &[INFORMED, RELATED].concat());
    check([whole.clone()], &sent, PRODUCER, Ok(&["disclosure permission"]));
    check([permission(social, RELATED)], &sent, PRODUCER, Err("no-basis-yet"));
    check([permission(social, INFORMED)], &sent, PRODUCER, Err("no-basis-yet"));
    check(
        [permission(health, &[INFORMED, RELATED].concat())],
        &sent,
        PRODUCER,
        Err("no-basis-yet"),
    );
    // The record may attest the relationship itself.
    let attesting = referral(ADULT, "ateriapalvelu", "kiireeton", RELATED);
    check([permission(social, INFORMED)], &attesting, PRODUCER, Ok(&["disclosure permission"]));
    // It does not cross sectors; explicit consent does.
    check([whole.clone()], &to_hospital(""), HOSPITAL, Err("no-basis-yet"));
    let consent = directive(
        "Suostumus",
        "S-1",
        ADULT,
        &format!(r#"<Voimassa alkaa="14.11.2026"/>{}"#, recipient(HOSPITAL)),
    );
    check([consent], &to_hospital(""), HOSPITAL, Ok(&["hospital by consent"]));
    check([whole, prohibition("")], &sent, PRODUCER, Err("prohibited"));
}

#[test]
fn a_right_in_law_needs_its_reason_and_goes_over_a_prohibition() {
    let stating = |code: &str| to_hospital(&format!(r#"<Lakiperuste koodi="{code}"/>"#));
    check([], &stating("malli-hengenvaara"), HOSPITAL, Ok(&["right in law"]));
    check([], &stating("malli-uteliaisuus"), HOSPITAL, Err("no-basis-yet"));
    let given = [prohibition("")];
    check(given.clone(), &stating("malli-hengenvaara"), HOSPITAL, Ok(&["right in law"]));
    check(given, &to_hospital(""), HOSPITAL, Err("prohibited"));
}

#[test]
fn a_mandate_must_be_on_record_and_named() {
    let inside = format!(
        r#"<Valtuutettu><Henkilotunnus>{}</Henkilotunnus></Valtuutettu>
           <Todiste tunnus="malli-valtuus-1"/><Voimassa alkaa="14.11.2026"/>"#,
        papers::DELEGATE
    );
    let mandate = directive("Valtakirja", "V-1", ADULT, &inside);
    let naming = |id: &str| {
        let grounds = format!(r#"<Valtuutus tunnus="{id}"/>"#);
        referral(ADULT, "palveluohjaus", "kiireeton", &grounds)
    };
    check([mandate.clone()], &naming("V-1"), HOSPITAL, Ok(&["by mandate"]));
    check([mandate.clone()], &naming("V-2"), HOSPITAL, Err("no-basis-yet"));
    check([], &naming("V-1"), HOSPITAL, Err("no-basis-yet"));
    // A consent given with it reaches as far as it does; without it, nowhere.
    let consent = |giver: &str| {
        let to = recipient("malli-ry");
        let inside = format!(r#"<Voimassa alkaa="14.11.2026"/><Antaja {giver}/>{to}"#);
        directive("Suostumus", "S-1", ADULT, &inside)
    };
    let peer = referral(ADULT, "vertaistuki", "kiireeton", "");
    let by = |id: &str| consent(&format!(r#"rooli="valtuutettu" valtuutus="{id}""#));
    check([mandate.clone(), by("V-1")], &peer, "malli-ry", Ok(&["third sector by consent"]));
    check([mandate, by("V-2")], &peer, "malli-ry", Err("no-basis-yet"));
    check([consent(r#"rooli="huoltaja""#)], &peer, "malli-ry", Err("no-basis-yet"));
}

#[test]
fn an_emergency_ends_by_itself() {
    let until = |end: &str| {
        let inside = format!(
            "<Paattyy>{end}</Paattyy><Henkilo>Liisa Esimerkki</Henkilo><Syy>Tajuton.</Syy>{}",
            recipient(HOSPITAL)
        );
        directive("Hatatilanne", "H-1", ADULT, &inside)
    };
    check([until("21.11.2026 09:00")], &to_hospital(""), HOSPITAL, Ok(&["emergency"]));
    check([until("20.11.2026 09:30")], &to_hospital(""), HOSPITAL, Err("no-basis-yet"));
    check(
        [until("21.11.2026 09:00"), prohibition("")],
        &to_hospital(""),
        HOSPITAL,
        Err("prohibited"),
    );
}

#[test]
fn a_prohibition_names_a_document_a_service_task_a_controller_or_a_recipient() {
    let permission = permission("sosiaalihuolto", &[INFORMED, RELATED].concat());
    let lists = |list: &str, row: &str, key: &str, name: &str| {
        prohibition(&format!(r#"<{list}><{row} {key}="{name}"/></{list}>"#))
    };
    let document = |id| lists("Asiakirjat", "Asiakirja", "tunnus", id);
    let task = |id| lists("Palvelutehtavat", "Palvelutehtava", "koodi", id);
    let stops =
        |kielto| check([permission.clone(), kielto], &to_producer(), PRODUCER, Err("prohibited"));
    let passes = |kielto| {
        let given = [permission.clone(), kielto];
        check(given, &to_producer(), PRODUCER, Ok(&["disclosure permission"]))
    };
    stops(document(papers::REFERRAL));
    passes(document("L-2"));
    stops(task("malli-iakkaat"));
    passes(task("malli-perheet"));
    stops(prohibition(&recipient(PRODUCER)));
    passes(prohibition(&recipient("malli-alue")));
    // By its controller.
    let consent = format!(r#"<Voimassa alkaa="14.11.2026"/>{}"#, recipient("malli-alue"));
    let consent = directive("Suostumus", "S-1", ADULT, &consent);
    check([consent.clone()], &to_hospital(""), HOSPITAL, Ok(&["hospital by consent"]));
    let given = [consent, prohibition(&recipient("malli-alue"))];
    check(given, &to_hospital(""), HOSPITAL, Err("prohibited"));
}

/// Support persons are invited one by one: a consent that names one lets no other in.
#[test]
fn a_consent_invites_whom_it_names() {
    let consent = format!(r#"<Voimassa alkaa="14.11.2026"/>{}"#, recipient("malli-ry"));
    let consent = directive("Suostumus", "S-1", ADULT, &consent);
    let peer = referral(ADULT, "vertaistuki", "kiireeton", "");
    check([consent.clone()], &peer, "malli-ry", Ok(&["third sector by consent"]));
    check([consent], &to_hospital(""), HOSPITAL, Err("no-basis-yet"));
}

#[test]
fn a_protected_address_goes_to_the_entitled_only_whatever_the_basis() {
    let protection = directive("Turvakielto", "T-1", ADULT, "");
    let sent = to_producer();
    let phone = |withheld: Vec<String>| withheld.iter().any(|f| f == "client.phone");
    let agreement = purchased(true, PRODUCER);
    let bought: Want<'_> = Ok(&["purchased service"]);
    assert!(!phone(check([agreement.clone()], &sent, PRODUCER, bought)));
    assert!(phone(check([agreement, protection.clone()], &sent, PRODUCER, bought)));
    // The own register's units are entitled to it.
    assert!(!phone(check([protection], &sent, "plan", Ok(&["own register"]))));
    let hub = Hub::new();
    let contact = hub.fields_of("referral", Category::Contact);
    assert!(contact.iter().any(|f| f == "client.phone"), "phone is contact: {contact:?}");
}

fn minor_says(hetu: &str, code: u8, split: bool) -> Paper {
    let inside = format!(r#"<LuovutusHuoltajalle koodi="{code}"/><Huoltajuus jaettu="{split}"/>"#);
    directive("Alaikainen", "A-1", hetu, &inside)
}

#[test]
fn guardians_see_what_the_minors_code_and_age_let_them() {
    let protection = |hetu| directive("Turvakielto", "T-1", hetu, "");
    let cases: [(&str, Vec<Paper>, bool); 12] = [
        (MINOR, vec![], false),
        (MINOR, vec![minor_says(MINOR, 1, false)], true),
        (MINOR, vec![minor_says(MINOR, 2, false)], true),
        (MINOR, vec![minor_says(MINOR, 3, false)], false),
        (MINOR, vec![minor_says(MINOR, 4, false)], false),
        (MINOR, vec![minor_says(MINOR, 1, true)], false),
        (CHILD, vec![], true),
        (CHILD, vec![minor_says(CHILD, 3, false)], false),
        (CHILD, vec![minor_says(CHILD, 1, true)], false),
        (CHILD, vec![protection(CHILD)], false),
        (ADULT, vec![], false),
        (ADULT, vec![minor_says(ADULT, 2, false)], false),
    ];
    for (hetu, given, sees) in cases {
        let hub = Hub::new();
        hub.plan_for(hetu);
        given.iter().for_each(|paper| hub.post("serena", paper));
        assert_eq!(hub.reads_plan("huoltajat", hetu), sees, "{hetu}: {} papers", given.len());
        assert!(hub.reads_plan("home-care", hetu), "the own register sees it all the same");
    }
}

/// Under 12 a guardian acts; from 12 the minor decides herself.
#[test]
fn a_guardians_consent_counts_for_whom_she_acts() {
    let by_guardian = |hetu| {
        let to = recipient("malli-ry");
        let inside = format!(r#"<Voimassa alkaa="14.11.2026"/><Antaja rooli="huoltaja"/>{to}"#);
        directive("Suostumus", "S-1", hetu, &inside)
    };
    let sent = |hetu| referral(hetu, "vertaistuki", "kiireeton", "");
    let goes: Want<'_> = Ok(&["third sector by consent"]);
    check([by_guardian(CHILD)], &sent(CHILD), "malli-ry", goes);
    check([by_guardian(MINOR)], &sent(MINOR), "malli-ry", Err("no-basis-yet"));
    let incapable = minor_says(MINOR, 1, false);
    check([by_guardian(MINOR), incapable], &sent(MINOR), "malli-ry", goes);
    let split = minor_says(CHILD, 1, true);
    check([by_guardian(CHILD), split], &sent(CHILD), "malli-ry", Err("no-basis-yet"));
}

/// What a document must have and lacks, or names that the region does not know, is refused.
#[test]
fn a_document_is_understood_whole_or_refused() {
    let hub = Hub::new();
    let refused = |paper: Paper, field: &str| {
        assert_eq!(hub.refuses("serena", &paper).as_deref(), Some(field));
    };
    refused(purchased(true, "nobody"), "producer");
    let nobody = r#"<Jarjestaja tunnus="nobody"/><Tuottaja tunnus="malli-ry"/>
                    <Voimassa alkaa="14.11.2026"/>"#;
    refused(directive("Palveluseteli", "PS-1", ADULT, nobody), "organiser");
    let to_anybody = "<Paattyy>21.11.2026 09:00</Paattyy><Henkilo>L</Henkilo><Syy>T</Syy>";
    refused(directive("Hatatilanne", "H-1", ADULT, to_anybody), "recipients[].id");
    let nameless = r#"<Voimassa alkaa="14.11.2026"/><Antaja rooli="valtuutettu"/>"#;
    refused(directive("Suostumus", "S-1", ADULT, nameless), "mandate");
}
