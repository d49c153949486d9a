//! The binary, as people and machines meet it: started as a process, told things, listened to.

#![cfg(test)]

mod bootstrap;
mod command_line;
mod console;
mod crash;
mod fleet;
mod gateways;
mod home;
mod master_key;
mod moving;
mod postgres;
mod refusals;
mod revocation;
mod rotation;
mod serve;
mod settings;
mod terminal;
mod tls;
mod usage;
