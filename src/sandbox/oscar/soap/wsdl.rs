//! What a curious client gets with `GET`: the list of services, and a short WSDL that names each service's
//! operations, enough to find out which generation of server this is.

use super::operation::{SERVICES, Service};

pub(crate) fn service_list() -> String {
    let mut html = "<html><head><title>CXF - Service list</title></head><body><ul>".to_owned();
    for service in &SERVICES {
        html.extend(["<li><a href=\"", service.name, "?wsdl\">", service.name, "</a><ul>"]);
        for operation in service.operations {
            html.extend(["<li>", operation.name, "</li>"]);
        }
        html.push_str("</ul></li>");
    }
    html + "</ul></body></html>"
}

pub(crate) fn wsdl(service: &Service) -> String {
    let name = service.name;
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><wsdl:definitions name=\"{name}\" \
         targetNamespace=\"http://ws.oscarehr.org/\" xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\">\
         <wsdl:portType name=\"{name}\">"
    );
    for operation in service.operations {
        xml.extend(["<wsdl:operation name=\"", operation.name, "\"/>"]);
    }
    xml + "</wsdl:portType></wsdl:definitions>"
}
