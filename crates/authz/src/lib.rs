//! Who may do what.
//!
//! [`table`] says it, one line an operation. [`authorize`] asks the table and mints a [`Permit`], which every function
//! of the persistence crate that touches tenants' data wants to see. Nothing else can make one, and nothing here does
//! I/O: callers arrive with their roles, objects with their place in the partner tree.

#![forbid(unsafe_code)]

pub mod action;
pub mod caller;
pub mod object;
pub mod permit;
pub mod table;

pub use action::Action;
pub use caller::Caller;
pub use object::{HoldsTokens, OnPartner, OnTenant, OneGateway, Oneself, Partnership, Plane, Platform, Tenancy};
pub use permit::{Denied, Permit, Reach, authorize};
