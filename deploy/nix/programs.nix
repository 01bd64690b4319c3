# What the two programs differ in, for the packages and the modules.
{
  bridge-slack = {
    name = "bridge-slack";
    description = "Bridge between Matrix and Slack";
    port = 29400;
    memoryMax = "512M";
    backupAt = "*-*-* 03:15:00";
    exampleSettings = ''
      {
        homeserver.name = "example.org";
        permissions = {
          "*" = "relay";
          "example.org" = "user";
          "@you:example.org" = "admin";
        };
      }
    '';
  };

  bridge-bots = {
    name = "bridge-bots";
    description = "Host for Matrix bots";
    port = 29420;
    memoryMax = "1G";
    backupAt = "*-*-* 03:45:00";
    exampleSettings = ''
      {
        homeserver.name = "example.org";
        permissions."@you:example.org" = "admin";
        bots.accounts.helper.displayname = "Helper";
        bots.instances.greeter = {
          plugin = "hello";
          account = "helper";
        };
      }
    '';
  };
}
