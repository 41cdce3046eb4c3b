"""What is inside a network's warehouses: space, goods, people and equipment, as one YAML key describes them."""
