//! The binary, as people and machines meet it: started as a process, told things, listened to.

#![cfg(test)]

mod balancer;
mod bootstrap;
mod client;
mod clock;
mod command_line;
mod console;
mod crash;
mod deploy;
mod disk;
mod disk_damage;
mod disk_faults;
mod doctor;
mod drain;
mod fleet;
mod gateways;
mod health;
mod history;
mod home;
mod leaks;
mod master_key;
mod metrics;
mod moving;
mod overload;
mod pages;
mod postgres;
mod power;
mod refusals;
mod restore;
mod revocation;
mod rotation;
mod serve;
mod settings;
mod terminal;
mod tls;
mod traces;
mod upgrades;
mod usage;
mod writers;
