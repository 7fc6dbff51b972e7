//! The lists themselves, in the shape that the web service framework gives them. The addresses in them are what the server
//! believes, which behind a proxy leads nowhere.

use crate::sandbox::oscar::profile::Build;
use crate::sandbox::oscar::rest;
use crate::sandbox::oscar::soap::{SERVICES, Service};

pub(super) fn service_list(base: &str, build: &Build) -> String {
    let soap = SERVICES.iter().filter(|service| service.is_in(build));
    let soap: String = soap.map(|service| listed(base, build, service)).collect();
    let rest = build.rest.as_ref().map(|_| {
        format!(
            "<span class=\"heading\">Available RESTful services:</span><br/><table><tr><td>\
             <span class=\"field\">Endpoint address:</span> <span class=\"value\">{base}/ws/services</span><br/>\
             <span class=\"field\">WADL :</span> <a href=\"{base}/ws/services?_wadl\">{base}/ws/services?_wadl</a>\
             </td></tr></table>"
        )
    });
    format!(
        "<!DOCTYPE HTML><html><head><title>CXF - Service list</title></head><body>\
         <span class=\"heading\">Available SOAP services:</span><br/><table>{soap}</table><br/>{}</body></html>",
        rest.unwrap_or_default()
    )
}

fn listed(base: &str, build: &Build, service: &Service) -> String {
    let (name, class, namespace) = (service.name, service.class(), build.namespace);
    let operations = service.operations_in(build).map(|operation| format!("<li>{}</li>", operation.name));
    format!(
        "<tr><td><span class=\"porttypename\">{class}</span><ul>{}</ul></td><td>\
         <span class=\"field\">Endpoint address:</span> <span class=\"value\">{base}/ws/{name}</span><br/>\
         <span class=\"field\">WSDL :</span> <a href=\"{base}/ws/{name}?wsdl\">{{{namespace}}}{class}Service</a><br/>\
         <span class=\"field\">Target namespace:</span> <span class=\"value\">{namespace}</span></td></tr>",
        operations.collect::<String>()
    )
}

/// Each operation stands in it twice: as part of the port type, and as part of its binding to SOAP.
pub(super) fn wsdl(base: &str, build: &Build, service: &Service) -> String {
    let (name, class, namespace) = (service.name, service.class(), build.namespace);
    let names = || service.operations_in(build).map(|operation| operation.name);
    let offered = names().map(|name| {
        format!(
            "<wsdl:operation name=\"{name}\"><wsdl:input message=\"tns:{name}\" name=\"{name}\"/>\
             <wsdl:output message=\"tns:{name}Response\" name=\"{name}Response\"/></wsdl:operation>"
        )
    });
    let bound = names().map(|name| {
        format!(
            "<wsdl:operation name=\"{name}\"><soap:operation soapAction=\"\" style=\"document\"/></wsdl:operation>"
        )
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:tns=\"{namespace}\" \
         xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" name=\"{class}Service\" targetNamespace=\"{namespace}\">\
         <wsdl:portType name=\"{class}\">{}</wsdl:portType>\
         <wsdl:binding name=\"{class}ServiceSoapBinding\" type=\"tns:{class}\">\
         <soap:binding style=\"document\" transport=\"http://schemas.xmlsoap.org/soap/http\"/>{}</wsdl:binding>\
         <wsdl:service name=\"{class}Service\">\
         <wsdl:port binding=\"tns:{class}ServiceSoapBinding\" name=\"{class}Port\">\
         <soap:address location=\"{base}/ws/{name}\"/></wsdl:port></wsdl:service></wsdl:definitions>",
        offered.collect::<String>(),
        bound.collect::<String>(),
    )
}

pub(super) fn wadl(base: &str) -> String {
    let resources = rest::paths().map(|(path, methods)| {
        let methods = methods.iter().map(|method| format!("<method name=\"{method}\"/>"));
        format!("<resource path=\"{path}\">{}</resource>", methods.collect::<String>())
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><application xmlns=\"http://wadl.dev.java.net/2009/02\">\
         <grammars/><resources base=\"{base}/ws/services\">{}</resources></application>",
        resources.collect::<String>()
    )
}
