//! Stock gateways in front of a real Keyreeve, as a provider runs them: installed from Debian, configured as
//! `docs/gateways` says, and used through boto3.

mod client;
mod envoy;
mod nginx;
mod provider;
mod swift;
