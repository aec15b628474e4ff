//! What sort of document a directive is, with what that sort must have.

use jiff::Timestamp;
use luotsi_consent::{Instrument, Person, Provision, Sector, ToGuardians};
use luotsi_model::OrganisationId;
use luotsi_region::Region;

use super::{
    Refused,
    reader::{Reader, beginning, fault},
};
use crate::ClientKey;

/// The sort, whole or not at all: what a document of its sort must have and lacks is refused here,
/// where its sender can mend it.
pub(super) fn read(
    reader: &Reader<'_>,
    region: &Region,
    clients: &ClientKey,
) -> Result<Instrument, Refused> {
    let Some(sort) = reader.text("sort") else { return Ok(Instrument::Will) };
    Ok(match sort {
        "will" => Instrument::Will,
        "disclosure-permission" => Instrument::DisclosurePermission {
            sector: sector(reader)?,
            // Recorded before the client was informed, it stands and does not hold yet.
            informed: reader.beginning("informed"),
            relationship: reader.flag("relationship"),
        },
        "purchased-service" => Instrument::PurchasedService {
            agreement: reader.need("agreement")?.to_owned(),
            organiser: organiser(reader, region)?,
            producer: producer(reader, region)?,
            see: reader.flag("see"),
            store: reader.flag("store"),
        },
        "voucher" => Instrument::Voucher {
            organiser: organiser(reader, region)?,
            producer: producer(reader, region)?,
        },
        "mandate" => Instrument::Mandate {
            delegate: clients.of_text(reader.need("delegate.hetu")?),
            evidence: reader.need("evidence")?.to_owned(),
        },
        "emergency" => Instrument::Emergency {
            person: Person::new(reader.need("person")?),
            reason: reader.need("cause")?.to_owned(),
        },
        "protected-address" => Instrument::ProtectedAddress,
        "minor" => Instrument::Minor {
            to_guardians: to_guardians(reader)?,
            custody_split: reader.flag("custody_split"),
        },
        _ => return Err(fault("unknown-code", "sort", "the gate knows no such document")),
    })
}

/// An emergency names who gets the data, and holds from its giving to its own end.
pub(super) fn bound(
    instrument: &Instrument,
    root: &mut Provision,
    reader: &Reader<'_>,
    given: Timestamp,
) -> Result<(), Refused> {
    if !matches!(instrument, Instrument::Emergency { .. }) {
        return Ok(());
    }
    if root.recipients.is_empty() {
        return Err(fault("missing-field", "recipients[].id", "an emergency names who gets it"));
    }
    let end = reader
        .instant("expires")
        .ok_or_else(|| fault("missing-field", "expires", "an emergency has an end"))?;
    root.period.start = Some(beginning(given).unwrap_or(given));
    root.period.end = Some(end);
    Ok(())
}

fn sector(reader: &Reader<'_>) -> Result<Sector, Refused> {
    let known = reader.need("sector")?.parse();
    known.map_err(|()| fault("unknown-code", "sector", "it is social or health"))
}

fn to_guardians(reader: &Reader<'_>) -> Result<ToGuardians, Refused> {
    ToGuardians::of_code(reader.need("to_guardians")?)
        .ok_or_else(|| fault("unknown-code", "to_guardians", "it is a code from 1 to 4"))
}

fn organiser(reader: &Reader<'_>, region: &Region) -> Result<OrganisationId, Refused> {
    let name = OrganisationId::new(reader.need("organiser")?);
    if region.controllers.contains_key(&name) {
        return Ok(name);
    }
    Err(fault("unknown-code", "organiser", "the region declares no such controller"))
}

fn producer(reader: &Reader<'_>, region: &Region) -> Result<OrganisationId, Refused> {
    let name = OrganisationId::new(reader.need("producer")?);
    if region.organisations.contains_key(&name) {
        return Ok(name);
    }
    Err(fault("unknown-code", "producer", "the region declares no such organisation"))
}
