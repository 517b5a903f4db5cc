//! Starts the playground in a browser.

fn main() {
    yew::Renderer::<web::App>::new().render();
}
