//! LoginService: the only way to learn an account's number and token.

use super::fault::SoapFault;
use super::operation::{Call, Operation};
use super::provider_service;

pub(super) const OPERATIONS: &[Operation] =
    &[Operation::reads("login", 2, login), Operation::reads("login2", 2, login2)];

fn login(call: &mut Call<'_>) -> Result<(), SoapFault> {
    answer(call, false)
}

fn login2(call: &mut Call<'_>) -> Result<(), SoapFault> {
    answer(call, true)
}

fn answer(call: &mut Call<'_>, with_provider: bool) -> Result<(), SoapFault> {
    let name = call.arguments.text(0)?.unwrap_or_default();
    let password = call.arguments.text(1)?.unwrap_or_default();
    let today = call.world.jvm.wall(call.now).date();
    let user = call.world.logins.by_name(name, password, today).map_err(SoapFault::NotAuthorised)?;
    let reply = &mut call.reply;
    reply.open("return");
    let provider = call.world.provider(&user.provider_no).filter(|_| with_provider);
    if let Some(provider) = provider {
        provider_service::transfer(reply, "provider", provider);
    }
    reply.int("securityId", user.security_id);
    reply.text("securityTokenKey", &call.world.logins.token(user));
    reply.close("return");
    Ok(())
}
