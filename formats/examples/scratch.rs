use formats::container::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let t = std::fs::read_to_string(&a[2]).unwrap();
    let r = match a[1].as_str() {
        "c" => read_commands(&t),
        "l" => read_lists(&t),
        _ => read_document(&t),
    };
    if a.len() > 3 {
        println!("{} findings {} misread {:?}", r.findings.len(), r.misread.len(), r.misread.first());
        return;
    }
    println!("{r:#?}");
}
