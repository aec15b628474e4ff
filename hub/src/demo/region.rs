//! The demo region, copied out of the binary, with the stand-ins' own ports and secrets.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::STANDARD};
use rust_embed::RustEmbed;

use super::{Failed, standins::Addresses};
use crate::embedded::{Mallialue, Mappings};

/// Where the region's files expect the stand-ins.
const GUIDANCE: &str = "127.0.0.1:7910";
const PROVIDER: &str = "127.0.0.1:7911";
const HOME_CARE: &str = "127.0.0.1:7912";

/// Copies the region below `home`, where its `../../mappings` finds the mappings, and gives its
/// folder.
pub(super) fn copy(home: &Path, addresses: &Addresses) -> Result<PathBuf, Failed> {
    let region = home.join("config/mallialue");
    unpack::<Mallialue>(&region)?;
    unpack::<Mappings>(&home.join("mappings"))?;
    point(&region.join("connections/serena.toml"), GUIDANCE, addresses.guidance)?;
    point(&region.join("connections/malli-ry.toml"), PROVIDER, addresses.provider)?;
    point(&region.join("connections/home-care.toml"), HOME_CARE, addresses.home_care)?;
    Ok(region)
}

fn unpack<Tree: RustEmbed>(folder: &Path) -> Result<(), Failed> {
    for path in Tree::iter() {
        let Some(file) = Tree::get(&path) else { continue };
        let place = folder.join(&*path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(place, file.data)?;
    }
    Ok(())
}

/// Only the port differs from the region as it is shipped.
fn point(file: &Path, from: &str, to: SocketAddr) -> Result<(), Failed> {
    let text = fs::read_to_string(file)?;
    if text.matches(from).count() != 1 {
        return Err(Failed::new(format!("{} does not name {from} once", file.display())));
    }
    Ok(fs::write(file, text.replace(from, &to.to_string()))?)
}

/// Secrets of this run only.
pub(super) struct Secrets {
    /// What the hub shows the guidance system.
    pub(super) guidance: String,
    /// What webhooks to Malli ry are signed with.
    pub(super) provider: String,
    /// The same of the systems that the story leaves out; each its own.
    others: [(&'static str, String); 3],
}

fn webhook_secret() -> Result<String, Failed> {
    Ok(format!("whsec_{}", STANDARD.encode(random()?)))
}

impl Secrets {
    pub(super) fn make() -> Result<Self, Failed> {
        let others = [
            ("LUOTSI_SECRET_ASIOINTI", webhook_secret()?),
            ("LUOTSI_SECRET_MALLI_KERHO", webhook_secret()?),
            ("LUOTSI_SECRET_MALLI_KULJETUS", webhook_secret()?),
        ];
        Ok(Self { guidance: STANDARD.encode(random()?), provider: webhook_secret()?, others })
    }

    /// As the region's files name them.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let own = [
            ("LUOTSI_SECRET_SERENA", self.guidance.clone()),
            ("LUOTSI_SECRET_MALLI_RY", self.provider.clone()),
        ];
        own.into_iter().chain(self.others.clone()).collect()
    }
}

fn random() -> Result<[u8; 32], Failed> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Failed::new("the system's randomness has failed"))?;
    Ok(bytes)
}
