//! ProviderService: who works here.

use super::fault::SoapFault;
use super::operation::{Call, Operation};
use super::reply::Reply;
use crate::sandbox::oscar::world::Provider;

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::reads("getProviders", 1, providers), Operation::reads("getProviders2", 1, providers2)];

fn providers(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let active = call.arguments.flag(0)?;
    list(call, Some(active));
    Ok(())
}

/// Without an argument: everybody.
fn providers2(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let active = call.arguments.boolean(0)?;
    list(call, active);
    Ok(())
}

fn list(call: &mut Call<'_>, active: Option<bool>) {
    for provider in call.world.providers.iter().filter(|row| active.is_none_or(|active| row.active == active))
    {
        transfer(&mut call.reply, "return", provider);
    }
}

pub(super) fn transfer(reply: &mut Reply, name: &str, provider: &Provider) {
    let unused = (!provider.installed).then_some("");
    reply.open(name);
    for column in ["address", "billingNo", "comments"] {
        reply.optional(column, unused);
    }
    reply.text("firstName", &provider.first_name);
    reply.optional("hsoNo", unused);
    reply.text("lastName", &provider.last_name);
    for column in ["ohipNo", "phone", "practitionerNo", "providerActivity"] {
        reply.optional(column, unused);
    }
    reply.text("providerNo", &provider.provider_no);
    reply.text("providerType", &provider.provider_type);
    reply.optional("rmaNo", unused);
    reply.text("sex", &provider.sex);
    reply.text("specialty", &provider.specialty);
    reply.text("status", if provider.active { "1" } else { "0" });
    reply.optional("team", unused);
    reply.optional("title", unused.map(|_| provider.title.as_str()));
    reply.optional("workPhone", unused);
    reply.close(name);
}
