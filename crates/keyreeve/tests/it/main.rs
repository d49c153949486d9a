//! The binary, as people and machines meet it: started as a process, told things, listened to.

#![cfg(test)]

mod bootstrap;
mod command_line;
mod console;
mod crash;
mod deploy;
mod fleet;
mod gateways;
mod health;
mod home;
mod master_key;
mod metrics;
mod postgres;
mod refusals;
mod revocation;
mod serve;
mod settings;
mod terminal;
mod tls;
mod traces;
mod usage;
