"""How what is recorded of stock comes to differ from it, and how stock is counted, as one YAML key describes them."""
