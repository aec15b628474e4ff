//! The people of the story. None of them exists: the codes are of the 900-series, the numbers of a
//! country code that is not assigned.

use luotsi_model::{Hetu, hetu::Strictness};

/// A client as the guidance system knows her.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) hetu: String,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) phone: String,
    pub(super) need: String,
    pub(super) health: String,
    pub(super) goal: String,
}

impl Person {
    pub(super) fn aino() -> Self {
        Self {
            hetu: "010594Y9021".into(),
            given: "Aino".into(),
            family: "Mallikas".into(),
            phone: "+99900000101".into(),
            need: "Kaipaa seuraa ja tukea arkeen puolison kuoltua.".into(),
            health: "Verenpainetauti, lääkitys kunnossa.".into(),
            goal: "Pääsee viikoittain kahville muiden kanssa.".into(),
        }
    }

    pub(super) fn eino() -> Self {
        Self {
            hetu: "020594X903P".into(),
            given: "Eino".into(),
            family: "Mallinen".into(),
            phone: "+99900000103".into(),
            need: "Toivoo juttuseuraa, ei ole puhunut kenellekään viikkoon.".into(),
            health: "Kuulolaite molemmissa korvissa.".into(),
            goal: "Löytää kortinpeluuporukan.".into(),
        }
    }

    /// Whether anything of her is in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let Self { hetu, given, family, phone, need, health, goal } = self;
        [hetu, given, family, phone, need, health, goal].iter().any(|word| text.contains(*word))
    }

    /// The `index`th of many, below 28.
    pub(super) fn of_many(index: usize) -> Self {
        Self {
            hetu: hetu(index),
            given: "Testi".into(),
            family: format!("Malli-{index:02}"),
            phone: format!("+999000002{index:02}"),
            need: "Kaipaa vertaistukea.".into(),
            health: "Ei tiedossa olevia sairauksia.".into(),
            goal: "Tapaa muita.".into(),
        }
    }
}

/// A valid code of the 900-series: of the check characters only one fits.
fn hetu(index: usize) -> String {
    let code = |check| format!("{:02}0750-9{:02}{check}", index % 28 + 1, index);
    let fits = |check: &char| Hetu::parse(&code(*check), Strictness::Strict).is_ok();
    code("0123456789ABCDEFHJKLMNPRSTUVWXY".chars().find(fits).unwrap_or('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_valid_code_of_no_real_person() {
        let many = (0..28).map(Person::of_many);
        for person in many.chain([Person::aino(), Person::eino()]) {
            let code = Hetu::parse(&person.hetu, Strictness::Strict).unwrap();
            assert!(code.is_synthetic());
        }
    }
}
