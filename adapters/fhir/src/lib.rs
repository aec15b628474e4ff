//! Channel adapter: fhir.
