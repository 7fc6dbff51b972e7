//! SystemInfoService: health and clock, open to anybody.

#![expect(clippy::unnecessary_wraps, reason = "every operation has the type its table wants")]

use super::fault::SoapFault;
use super::operation::{Call, Operation};

pub(super) const MAX_LIST_RETURN_SIZE: i32 = 5000;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::reads("helloWorld", 0, hello_world),
    Operation::reads("isAlive", 0, is_alive),
    Operation::reads("getServerTime", 0, server_time),
    Operation::reads("getServerTimeGmtOffset", 0, server_time_gmt_offset),
    Operation::reads("getMaxListReturnSize", 0, max_list_return_size),
];

fn hello_world(call: &mut Call<'_>) -> Result<(), SoapFault> {
    call.reply.text("return", "Hello World! Testing webservices");
    Ok(())
}

fn is_alive(call: &mut Call<'_>) -> Result<(), SoapFault> {
    call.reply.text("return", "alive");
    Ok(())
}

fn server_time(call: &mut Call<'_>) -> Result<(), SoapFault> {
    call.reply.instant("return", call.now, &call.world.jvm);
    Ok(())
}

fn server_time_gmt_offset(call: &mut Call<'_>) -> Result<(), SoapFault> {
    call.reply.int("return", call.world.jvm.offset_millis(call.now));
    Ok(())
}

fn max_list_return_size(call: &mut Call<'_>) -> Result<(), SoapFault> {
    call.reply.int("return", MAX_LIST_RETURN_SIZE);
    Ok(())
}
