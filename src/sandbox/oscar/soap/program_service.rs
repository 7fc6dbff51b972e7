//! ProgramService: the programmes a patient can be admitted to. A family practice has one or two.

use super::fault::SoapFault;
use super::operation::{Call, Operation};

pub(super) const OPERATIONS: &[Operation] = &[Operation::reads("getAllPrograms", 0, all_programs)];

const FLAGS_BEFORE_FACILITY: [&str; 4] =
    ["alcohol", "allowBatchAdmission", "allowBatchDischarge", "bedProgramAffiliated"];

#[expect(clippy::unnecessary_wraps, reason = "every operation has the type its table wants")]
fn all_programs(call: &mut Call<'_>) -> Result<(), SoapFault> {
    let reply = &mut call.reply;
    for program in &call.world.programs {
        reply.open("return");
        reply.int("ageMax", 200);
        reply.int("ageMin", 1);
        for flag in FLAGS_BEFORE_FACILITY {
            reply.flag(flag, false);
        }
        reply.int("defaultServiceRestrictionDays", 30);
        reply.text("exclusiveView", "no");
        reply.int("facilityId", 1);
        for flag in ["firstNation", "hic", "holdingTank", "housing"] {
            reply.flag(flag, false);
        }
        reply.int("id", program.id);
        reply.int("maxAllowed", 99_999);
        reply.flag("mentalHealth", false);
        reply.text("name", &program.name);
        reply.int("numOfMembers", 0);
        reply.flag("physicalHealth", false);
        reply.text("programStatus", if program.active { "active" } else { "inactive" });
        reply.int("queueSize", 0);
        reply.flag("transgender", false);
        reply.text("type", &program.kind);
        reply.flag("userDefined", true);
        reply.close("return");
    }
    Ok(())
}
