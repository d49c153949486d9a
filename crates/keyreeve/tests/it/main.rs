//! The binary, as people and machines meet it: started as a process, told things, listened to.

#![cfg(test)]

mod balancer;
mod bootstrap;
mod command_line;
mod console;
mod crash;
mod drain;
mod fleet;
mod gateways;
mod home;
mod master_key;
mod postgres;
mod refusals;
mod restore;
mod revocation;
mod serve;
mod settings;
mod terminal;
mod tls;
mod upgrades;
mod usage;
