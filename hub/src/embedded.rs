//! Files embedded in the binary: the default settings, the demo region and its mappings.

use rust_embed::RustEmbed;

/// The annotated defaults of every service setting.
pub(crate) const SETTINGS: &str = include_str!("../../config/luotsi.toml");

/// The demo region Mallialue.
#[derive(RustEmbed)]
#[folder = "../config/mallialue"]
#[exclude = "cases/*"]
pub(crate) struct Mallialue;

/// The mapping packs.
#[derive(RustEmbed)]
#[folder = "../mappings"]
#[exclude = "*/cases/*"]
pub(crate) struct Mappings;
