//! The systems and codes of a `Consent` that the hub understands, and how they name what the
//! region declares. A name that the region does not declare is refused: a prohibition with a
//! misspelt recipient would protect nobody.

use luotsi_model::{Category, Kind, Purpose, ServiceTask};
use luotsi_region::Region;

/// The Finnish personal identity code (henkilötunnus).
pub(super) const HETU: &str = "urn:oid:1.2.246.21";
/// The hub's own reference of a client.
pub(super) const CLIENT: &str = "urn:luotsi:client";
/// A directive, by the id its recorder gave it.
pub(super) const DIRECTIVE: &str = "urn:luotsi:directive";
/// A system, an organisation or a controller, by its name in the region.
pub(super) const RECIPIENT: &str = "urn:luotsi:recipient";
/// A purpose of `region.toml`.
pub(super) const PURPOSE: &str = "urn:luotsi:purpose";
/// A record kind.
pub(super) const KIND: &str = "urn:luotsi:kind";
/// A service task (palvelutehtävä) of `region.toml`.
pub(super) const SERVICE_TASK: &str = "urn:luotsi:service-task";
/// The national code system of service tasks. Its codes are opaque: one is known when
/// `service_tasks` lists it.
pub(super) const NATIONAL_SERVICE_TASK: &str = "urn:oid:1.2.246.537.6.1221.201601";
/// A data category.
pub(super) const CATEGORY: &str = "urn:luotsi:data-category";
/// The region's own policy, as the base of a consent.
pub(super) const POLICY: &str = "urn:luotsi:policy";

/// The consent's scope: privacy.
pub(super) const SCOPE: (&str, &str) =
    ("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy");
/// The category that IHE PCF wants: patient consent.
pub(super) const CONSENT: (&str, &str) = ("http://loinc.org", "59284-0");
/// The profile of the national permission for disclosure between social and health care
/// (`fi.kela.kanta.gen.r4.tahdonilmaisut`, 1.0.0-rc1).
pub(super) const NATIONAL: &str =
    "https://gen.kanta.fi/fhir/tahdonilmaisut/StructureDefinition/soteluovutuslupa";
/// Opt-in and opt-out.
pub(super) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// What part an actor has: `IRCP`, the recipient of information (as in IHE PCF), and `PRCP`, the
/// primary one. A custodian or an author receives nothing.
pub(super) const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// What is written of the two.
pub(super) const RECIPIENT_ROLE: &str = "IRCP";

/// What the region's names are.
#[derive(Clone, Copy)]
pub(super) struct Words<'r>(pub(super) &'r Region);

impl Words<'_> {
    /// Whether this is a system, an organisation or a controller.
    pub(super) fn recipient(self, name: &str) -> bool {
        self.0.connections.keys().any(|system| system.as_str() == name)
            || self.0.organisations.keys().any(|organisation| organisation.as_str() == name)
            || self.0.controllers.keys().any(|controller| controller.as_str() == name)
    }

    /// The national reasons (v3-ActReason) stand for no purpose of a region: no source says which,
    /// so none is guessed.
    pub(super) fn purpose(self, system: &str, code: &str) -> Option<Purpose> {
        let known = self.0.purposes.iter().find(|purpose| purpose.as_str() == code);
        known.filter(|_| system == PURPOSE).cloned()
    }

    pub(super) fn kind(self, system: &str, code: &str) -> Option<Kind> {
        let known = self.0.schemas.keys().find(|kind| kind.as_str() == code);
        known.filter(|_| system == KIND).cloned()
    }

    pub(super) fn service(self, system: &str, code: &str) -> Option<ServiceTask> {
        let known = self.0.service_tasks.iter().find(|task| task.as_str() == code);
        known.filter(|_| matches!(system, SERVICE_TASK | NATIONAL_SERVICE_TASK)).cloned()
    }

    pub(super) fn category(system: &str, code: &str) -> Option<Category> {
        if system == CATEGORY { code.parse().ok() } else { None }
    }

    pub(super) fn is_recipient_role(system: &str, code: &str) -> Option<()> {
        (system == PARTICIPATION && matches!(code, RECIPIENT_ROLE | "PRCP")).then_some(())
    }
}
