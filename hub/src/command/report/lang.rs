//! A report's words in Finnish, Swedish and English. What the region names, it names itself; these
//! are the hub's own.

use luotsi_model::{Category, schema::Title};

use crate::command::trace::reason;

/// In which language.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Lang {
    /// Finnish.
    Fi,
    /// Swedish.
    Sv,
    /// English.
    #[default]
    En,
}

impl Lang {
    /// The name in this language, or else in any that there is.
    pub(super) fn title(self, title: &Title) -> &str {
        let own = match self {
            Self::Fi => &title.fi,
            Self::Sv => &title.sv,
            Self::En => &title.en,
        };
        [own, &title.en, &title.fi, &title.sv].into_iter().find(|t| !t.is_empty()).map_or("", |t| t)
    }

    /// The language's code (BCP 47).
    pub(super) const fn code(self) -> &'static str {
        self.pick("fi", "sv", "en")
    }

    /// One of three.
    pub(super) const fn pick(
        self,
        fi: &'static str,
        sv: &'static str,
        en: &'static str,
    ) -> &'static str {
        match self {
            Self::Fi => fi,
            Self::Sv => sv,
            Self::En => en,
        }
    }

    /// How often: `kerran`, `2 kertaa`.
    pub(super) fn times(self, number: usize) -> String {
        let word = match number {
            1 => self.pick("kerran", "gång", "time"),
            _ => self.pick("kertaa", "gånger", "times"),
        };
        if self == Self::Fi && number == 1 { word.into() } else { format!("{number} {word}") }
    }

    /// A data category.
    pub(super) const fn category(self, category: Category) -> &'static str {
        use Category as C;
        match category {
            C::Identity => self.pick("henkilötiedot", "identitet", "identity"),
            C::Contact => self.pick("yhteystiedot", "kontaktuppgifter", "contact"),
            C::Family => self.pick("läheiset", "anhöriga", "family"),
            C::Need => self.pick("palvelutarve", "servicebehov", "need"),
            C::Function => self.pick("toimintakyky", "funktionsförmåga", "functional ability"),
            C::Health => self.pick("terveydentila", "hälsotillstånd", "health"),
            C::Social => {
                self.pick("sosiaalinen tilanne", "social situation", "social circumstances")
            }
            C::Plan => self.pick("suunnitelma", "plan", "plan"),
            C::Decision => self.pick("päätös", "beslut", "decision"),
            C::FreeText => self.pick("vapaa teksti", "fri text", "free text"),
            C::Administrative => {
                self.pick("hallinnolliset tiedot", "administrativa uppgifter", "administrative")
            }
        }
    }

    /// A legal basis, by its name in the log.
    pub(super) fn basis(self, basis: &str) -> &str {
        match basis {
            "same-register" => self.pick(
                "saman rekisterin käyttö",
                "användning inom registret",
                "use within the register",
            ),
            "consent" => self.pick("suostumus", "samtycke", "consent"),
            "no-subject" => self.pick("ei asiakasta", "ingen klient", "no client"),
            "disclosure-permission" => {
                self.pick("luovutuslupa", "utlämningstillstånd", "disclosure permission")
            }
            "purchased-service" => self.pick("ostopalvelu", "köptjänst", "purchased service"),
            "voucher" => self.pick("palveluseteli", "servicesedel", "service voucher"),
            "statutory" => self.pick("laki", "lag", "law"),
            "mandate" => self.pick("valtuutus", "fullmakt", "mandate"),
            "emergency" => self.pick("hätätilanne", "nödsituation", "emergency"),
            other => other,
        }
    }

    /// A result of the log, or the reason of a refusal.
    pub(super) fn result(self, code: &str) -> &str {
        let (fi, sv) = match code {
            "delivered" => ("toimitettu", "levererat"),
            "under-way" => ("kesken", "pågår"),
            "failed" => ("yritys epäonnistui", "försöket misslyckades"),
            "unreached" => (
                "vastaanottajaa ei tavoitettu, mitään ei lähtenyt",
                "mottagaren nåddes inte, inget lämnades ut",
            ),
            "interrupted" => (
                "keskeytyi, lähetetään uudelleen samalla tunnuksella",
                "avbröts, sänds på nytt med samma id",
            ),
            "rejected" => ("vastaanottaja hylkäsi", "mottagaren avvisade"),
            "refused" => ("evätty", "nekat"),
            "no-basis" => ("ei oikeusperustetta", "ingen rättslig grund"),
            "no-basis-yet" => ("ei vielä oikeusperustetta", "ännu ingen rättslig grund"),
            "no-basis-in-time" => {
                ("oikeusperustetta ei tullut ajoissa", "ingen rättslig grund kom i tid")
            }
            "no-rule" => ("mikään sääntö ei koske tätä", "ingen regel gäller detta"),
            "not-covered" => ("suostumus ei kata tätä", "samtycket omfattar inte detta"),
            "protected" => (
                "turvakielto tai alaikäisen oma päätös estää",
                "spärrmarkering eller den minderårigas eget beslut hindrar",
            ),
            "prohibited" => ("asiakas on kieltänyt", "klienten har förbjudit det"),
            "withdrawn" => ("asiakas on perunut suostumuksen", "klienten har återtagit samtycket"),
            "undecidable" => {
                ("ei voitu ratkaista, siksi evätty", "kunde inte avgöras, därför nekat")
            }
            // What was asked, in the use log.
            "report" => ("luovutusraportti", "utlämningsrapport"),
            "directives" => ("asiakkaan luvat ja kiellot", "klientens samtycken och förbud"),
            "trace" => ("viestin kulku", "meddelandets väg"),
            "why" => ("luovutuksen perustelut", "motiveringen till utlämnandet"),
            "directive-recorded" => ("luvan tai kiellon kirjaus", "samtycke eller förbud infört"),
            "recall-settled" => ("käsittelyn lopetus kuitattu", "upphörd behandling kvitterad"),
            "recall-again" => ("lopetuspyyntö uudelleen", "ny begäran om upphörande"),
            "erasure" => ("tietojen hävittäminen", "förstöring av uppgifter"),
            other => return reason(other),
        };
        match self {
            Self::Fi => fi,
            Self::Sv => sv,
            Self::En => match code {
                "report" => "the disclosure report",
                "directives" => "what the client has directed",
                "trace" => "the journey of a message",
                "why" => "why a message may or may not go",
                "directive-recorded" => "a directive recorded or taken back",
                "recall-settled" => "a recall seen to",
                "recall-again" => "a recall sent again",
                "erasure" => "erasure of the payloads",
                code => reason(code),
            },
        }
    }
}
