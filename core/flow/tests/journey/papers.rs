//! Documents of the demo region's guidance system, about made-up people.

/// What no one but the controller of the register may see.
pub(crate) const SECRET: &str = "Salattava terveystieto";

/// The code of person `n`, of the 900 series that no living person has.
pub(crate) fn hetu(n: u32) -> String {
    const CHECKS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (day, month, individual) = (1 + n / 100 % 28, 1 + n / 2800 % 12, 900 + n % 100);
    let digits = format!("{day:02}{month:02}54{individual}");
    let check = CHECKS[digits.parse::<usize>().unwrap() % 31] as char;
    format!("{day:02}{month:02}54-{individual}{check}")
}

fn paper(root: &str, id: &str, client: u32, rest: &str) -> Vec<u8> {
    let date = if root == "Lahete" { "Lahetetty" } else { "Annettu" };
    let names = if root == "Lahete" {
        "<Etunimet>Aino</Etunimet><Sukunimi>Mallikas</Sukunimi>"
    } else {
        ""
    };
    format!(
        r#"<{root} xmlns="urn:luotsi:serena-style:1.0" tunnus="{id}">
             <{date}>20.11.2026 09:00</{date}>
             <Asiakas><Henkilotunnus>{}</Henkilotunnus>{names}</Asiakas>{rest}
           </{root}>"#,
        hetu(client)
    )
    .into_bytes()
}

fn referral(id: &str, client: u32, service: &str) -> Vec<u8> {
    let rest = format!(
        r#"<Palvelu koodi="{service}"/><Kiireellisyys>kiireeton</Kiireellisyys>
           <Tarve>Kaipaa seuraa.</Tarve><Terveystieto>{SECRET}</Terveystieto>"#
    );
    paper("Lahete", id, client, &rest)
}

/// To Malli ry by consent; to home care and the plan in the same register.
pub(crate) fn peer_support(id: &str, client: u32) -> Vec<u8> {
    referral(id, client, "vertaistuki")
}

/// To home care and the plan, in the same register.
pub(crate) fn home_care(id: &str, client: u32) -> Vec<u8> {
    referral(id, client, "kotihoito")
}

/// That Malli ry may have everything its rule allows.
pub(crate) fn consent(id: &str, client: u32) -> Vec<u8> {
    consent_from(id, client, "14.11.2026")
}

/// The same, from a day on.
pub(crate) fn consent_from(id: &str, client: u32, day: &str) -> Vec<u8> {
    let rest = format!(
        r#"<Voimassa alkaa="{day}"/>
           <Vastaanottajat><Vastaanottaja tunnus="malli-ry"/></Vastaanottajat>"#
    );
    paper("Suostumus", id, client, &rest)
}

/// That Malli ry may have nothing.
pub(crate) fn prohibition(id: &str, client: u32) -> Vec<u8> {
    let rest = r#"<Vastaanottajat><Vastaanottaja tunnus="malli-ry"/></Vastaanottajat>"#;
    paper("Kielto", id, client, rest)
}

/// That directive `of` no longer stands.
pub(crate) fn withdrawal(id: &str, client: u32, of: &str) -> Vec<u8> {
    paper("Peruutus", id, client, &format!(r#"<Peruutettava tunnus="{of}"/>"#))
}
