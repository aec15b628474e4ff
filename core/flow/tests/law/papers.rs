//! The guidance system's documents, about made-up people of the 900-series.

/// Born in 1994.
pub(crate) const ADULT: &str = "010594Y9021";
/// Acts for her.
pub(crate) const DELEGATE: &str = "010594Y9032";
/// Fifteen at the moment of the tests.
pub(crate) const MINOR: &str = "300111A9001";
/// Eight.
pub(crate) const CHILD: &str = "010518A902D";

/// The id of every referral here.
pub(crate) const REFERRAL: &str = "L-1";

/// A document.
pub(crate) type Paper = String;

const NAMESPACE: &str = r#"xmlns="urn:luotsi:serena-style:1.0""#;

/// A directive; `inside` is what follows the client.
pub(crate) fn directive(root: &str, id: &str, hetu: &str, inside: &str) -> Paper {
    directive_given("20.11.2026 09:00", root, id, hetu, inside)
}

/// The same, given at another moment.
pub(crate) fn directive_given(
    given: &str,
    root: &str,
    id: &str,
    hetu: &str,
    inside: &str,
) -> Paper {
    format!(
        r#"<{root} {NAMESPACE} tunnus="{id}"><Annettu>{given}</Annettu>
           <Asiakas><Henkilotunnus>{hetu}</Henkilotunnus></Asiakas>{inside}</{root}>"#
    )
}

/// A referral; `grounds` is what stands in `Peruste`.
pub(crate) fn referral(hetu: &str, service: &str, priority: &str, grounds: &str) -> Paper {
    let grounds = match grounds {
        "" => String::new(),
        some => format!("<Peruste>{some}</Peruste>"),
    };
    format!(
        r#"<Lahete {NAMESPACE} tunnus="{REFERRAL}"><Lahetetty>20.11.2026 09:00</Lahetetty>
           <Asiakas><Henkilotunnus>{hetu}</Henkilotunnus><Etunimet>Aino</Etunimet>
             <Sukunimi>Mallikas</Sukunimi><Puhelin>+99900000101</Puhelin></Asiakas>
           <Palvelu koodi="{service}"/><Palvelutehtava>malli-iakkaat</Palvelutehtava>
           <Kiireellisyys>{priority}</Kiireellisyys><Tarve>Kaipaa apua.</Tarve>{grounds}</Lahete>"#
    )
}
